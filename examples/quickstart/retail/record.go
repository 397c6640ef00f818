package retail

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// record is one CSV record (RFC 4180): usually one line, more when a quoted field holds line breaks.
type record struct {
	line   int64 // of its first line
	fields []string
	// fault says why the record is malformed; fields are then those before the fault.
	fault string
}

// maxRecordLines bounds the lines of one record.
const maxRecordLines = 50

// recordReader gives records. encoding/csv is not used because it cannot recover: after a quote that is not closed it has
// consumed all that follows.
type recordReader struct {
	lines lineReader
	width int // how many fields a record has; 0: any number
}

// next gives io.EOF after the last record. Empty lines are no records. The fields are valid until the next call.
func (r *recordReader) next() (record, error) {
	for {
		first, err := r.lines.next()
		if err != nil {
			return record{}, err
		}
		switch {
		case first.tooLong:
			return record{line: first.number, fault: fmt.Sprintf("the line is longer than %d bytes", maxLineBytes)}, nil
		case first.text == "":
			continue
		}
		fields, open, fault := split(first.text)
		if open {
			return r.multiline(first, fields)
		}
		if fault == "" && r.width != 0 && len(fields) != r.width {
			fault = fmt.Sprintf("the row has %d columns, the header has %d", len(fields), r.width)
		}
		return record{first.number, fields, fault}, nil
	}
}

// multiline reads on until the quoted field is closed. When that does not come to a good record, the lines after the
// first are given back: they are most likely rows of their own.
func (r *recordReader) multiline(first textLine, before []string) (record, error) {
	text := first.text
	var more []textLine
	for len(more) < maxRecordLines {
		line, err := r.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return record{}, err
		}
		more = append(more, line)
		if line.tooLong || len(text)+1+len(line.text) > maxLineBytes {
			break
		}
		text += "\n" + line.text
		if !strings.Contains(line.text, `"`) {
			continue // still inside the quotes
		}
		fields, open, fault := split(text)
		if open {
			continue
		}
		if fault == "" && (r.width == 0 || len(fields) == r.width) {
			return record{first.number, fields, ""}, nil
		}
		break
	}
	r.lines.unread(more)
	return record{first.number, before, "a quoted field is not closed"}, nil
}

// split cuts a record into its fields. open says that it ends inside a quoted field; fields are then those before it. So
// they are when it is malformed.
func split(text string) (fields []string, open bool, fault string) {
	fields = make([]string, 0, 8)
	for {
		if !strings.HasPrefix(text, `"`) {
			field, rest, more := strings.Cut(text, ",")
			if strings.Contains(field, `"`) {
				return fields, false, "a quotation mark stands inside a field that is not quoted"
			}
			fields = append(fields, field)
			if !more {
				return fields, false, ""
			}
			text = rest
			continue
		}
		field, rest, closed := unquote(text)
		if !closed {
			return fields, true, ""
		}
		if rest != "" && rest[0] != ',' {
			return fields, false, "a quoted field is followed by something other than a comma"
		}
		fields = append(fields, field)
		if rest == "" {
			return fields, false, ""
		}
		text = rest[1:]
	}
}

// unquote reads a quoted field at the start of text, in which "" stands for a quotation mark.
func unquote(text string) (field, rest string, closed bool) {
	var doubled bool
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		field = text[1:i]
		if doubled {
			field = strings.ReplaceAll(field, `""`, `"`)
		}
		return field, text[i+1:], true
	}
	return "", "", false
}
