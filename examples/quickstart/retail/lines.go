package retail

import (
	"bufio"
	"errors"
	"io"
)

// maxLineBytes bounds one line, and one record of several lines; a longer one is refused without being held.
const maxLineBytes = 64 << 10

// textLine is one line of the text, without its line break.
type textLine struct {
	number  int64 // from 1, the header's
	text    string
	tooLong bool // text is "" then
}

// lineReader gives the text line by line, and takes lines back.
type lineReader struct {
	r      *bufio.Reader
	number int64
	back   []textLine // to be given again, in order
}

// next gives io.EOF after the last line.
func (l *lineReader) next() (textLine, error) {
	if len(l.back) > 0 {
		t := l.back[0]
		l.back = l.back[1:]
		return t, nil
	}
	text, tooLong, err := l.read()
	if err != nil {
		return textLine{}, err
	}
	l.number++
	return textLine{l.number, text, tooLong}, nil
}

// unread gives lines back; they are the next ones to be read.
func (l *lineReader) unread(lines []textLine) {
	l.back = append(append([]textLine(nil), lines...), l.back...)
}

// read takes the bytes up to the next line feed. A carriage return before it belongs to the line break.
func (l *lineReader) read() (text string, tooLong bool, err error) {
	var long []byte
	for {
		part, err := l.r.ReadSlice('\n')
		switch {
		case err == nil || err == io.EOF && len(part)+len(long) > 0 || err == io.EOF && tooLong:
			if tooLong || len(long)+len(part) > maxLineBytes {
				return "", true, nil
			}
			if long == nil {
				return string(withoutBreak(part)), false, nil
			}
			return string(withoutBreak(append(long, part...))), false, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", false, err
		}
		if tooLong = tooLong || len(long)+len(part) > maxLineBytes; tooLong {
			long = nil
			continue
		}
		long = append(long, part...)
	}
}

func withoutBreak(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}
