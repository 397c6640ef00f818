package einvoice

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// node is one element of a file. What has been read of it is marked, so that the rest can be listed.
type node struct {
	space, name string
	attributes  []xml.Attr
	raw         []byte // its text as it comes, in as many pieces as the file likes
	text        string
	children    []*node
	seen        bool
}

// parse reads the elements of a file within the limits. It knows no entities but XML's own five, and refuses document type
// declarations, so there is nothing to expand and nothing to fetch.
func parse(op string, data []byte) (*node, error) {
	if len(data) > MaxBytes {
		return nil, ErrTooLarge.New(op, "the file has more than the %d bytes that are read", MaxBytes)
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	top := &node{}
	stack, count := []*node{top}, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, ErrBadXML.Wrap(op, err, "line %d: %v", lineOf(decoder), err)
		}
		at := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(stack) > maxDepth {
				return nil, ErrTooLarge.New(op, "line %d: more than %d elements, or more than %d deep", lineOf(decoder), maxElements, maxDepth)
			}
			child := &node{space: t.Name.Space, name: t.Name.Local, attributes: t.Attr}
			at.children = append(at.children, child)
			stack = append(stack, child)
		case xml.EndElement:
			at.text, at.raw = string(bytes.TrimSpace(at.raw)), nil
			if at.text != "" && len(at.children) > 0 {
				return nil, ErrBadXML.New(op, "line %d: there is text between the elements of %s", lineOf(decoder), at.name)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(at.raw) > 0 || len(bytes.TrimSpace(t)) > 0 {
				at.raw = append(at.raw, t...)
			}
		case xml.Directive:
			return nil, ErrBadXML.New(op, "line %d: document type declarations are refused", lineOf(decoder))
		}
	}
	const byteOrderMark = "\uFEFF"
	if len(top.children) == 0 {
		return nil, ErrBadXML.New(op, "the file is not XML: it has no element")
	}
	if len(top.children) != 1 || strings.TrimSpace(strings.TrimPrefix(string(top.raw), byteOrderMark)) != "" {
		return nil, ErrBadXML.New(op, "there must be one root element, and no text beside it")
	}
	return top.children[0], nil
}

func lineOf(d *xml.Decoder) int {
	line, _ := d.InputPos()
	return line
}

// is reports whether the element has a name such as "cbc:ID".
func (n *node) is(name string) bool {
	prefix, local, _ := strings.Cut(name, ":")
	return n.name == local && n.space == namespaces[prefix]
}

var namespaces = map[string]string{"cac": nsAggregate, "cbc": nsBasic}

// qualified is the name with the customary prefix.
func (n *node) qualified() string {
	for prefix, space := range namespaces {
		if n.space == space {
			return prefix + ":" + n.name
		}
	}
	return n.name
}

// take is the first child of a name that has not been taken, or nil. A nil node has no children.
func (n *node) take(name string) *node {
	if n == nil {
		return nil
	}
	for _, child := range n.children {
		if !child.seen && child.is(name) {
			child.seen = true
			return child
		}
	}
	return nil
}

// takeAll is all children of a name.
func (n *node) takeAll(name string) []*node {
	if n == nil {
		return nil
	}
	var all []*node
	for _, child := range n.children {
		if !child.seen && child.is(name) {
			child.seen = true
			all = append(all, child)
		}
	}
	return all
}

// peek is the first child of a name, without taking it.
func (n *node) peek(name string) *node {
	if n == nil {
		return nil
	}
	for _, child := range n.children {
		if child.is(name) {
			return child
		}
	}
	return nil
}

// str is the text of a child, "" where there is none.
func (n *node) str(name string) string {
	if child := n.take(name); child != nil {
		return child.text
	}
	return ""
}

func (n *node) attribute(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attributes {
		if a.Name.Space == "" && a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// unknown lists what was not taken, in the order of the file.
func (n *node) unknown(path string) []Unknown {
	var found []Unknown
	count := map[string]int{}
	total := map[string]int{}
	for _, child := range n.children {
		total[child.qualified()]++
	}
	for _, child := range n.children {
		name := child.qualified()
		count[name]++
		at := path + "/" + name
		if total[name] > 1 {
			at += "[" + strconv.Itoa(count[name]) + "]"
		}
		if child.seen {
			found = append(found, child.unknown(at)...)
			continue
		}
		found = append(found, Unknown{Path: at, Text: shortenedTo(child.text, 200), Money: child.changesMoney()})
	}
	return found
}

// changesMoney reports whether an element can change what is owed.
func (n *node) changesMoney() bool {
	if n.attribute("currencyID") != "" || slices.Contains(moneyElements, n.name) {
		return true
	}
	for _, suffix := range []string{"Amount", "Percent", "ExchangeRate"} {
		if strings.HasSuffix(n.name, suffix) {
			return true
		}
	}
	return slices.ContainsFunc(n.children, (*node).changesMoney)
}
