package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// progress is a line that is written over again and again. On anything but a terminal it stays silent.
type progress struct {
	w     io.Writer // nil: silent
	width int       // of what stands there
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok {
		return &progress{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{w: f}
}

func (p *progress) show(booked, total int64) {
	if p.w == nil {
		return
	}
	text := fmt.Sprintf("booked %s of %s documents, %d %%", grouped(booked), grouped(total), booked*100/max(total, 1))
	_, _ = fmt.Fprintf(p.w, "\r%-*s", p.width, text) // nothing depends on it
	p.width = len(text)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.w != nil && p.width > 0 {
		_, _ = fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
	}
}
