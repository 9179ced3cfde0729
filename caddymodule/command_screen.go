package caddymodule

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// screen is where one picture after the other goes.
type screen struct {
	out  io.Writer
	json bool
	// live is a terminal that is drawn over; its file tells how large it is.
	live  *os.File
	drawn bool
}

// screenOf takes the terminal over, if there is one and more than one picture.
func screenOf(c *call, again bool) *screen {
	s := &screen{out: c.cmd.OutOrStdout(), json: c.flag("json")}
	if file, is := s.out.(*os.File); is && again && !s.json && term.IsTerminal(int(file.Fd())) {
		s.live = file
		fmt.Fprint(s.out, "\x1b[?1049h\x1b[?25l") // another screen, no cursor
	}
	return s
}

func (s *screen) close() {
	if s.live != nil {
		fmt.Fprint(s.out, "\x1b[?25h\x1b[?1049l")
	}
}

// show draws over what is there, or writes the text behind it.
func (s *screen) show(text string) error {
	switch {
	case s.live != nil:
		text = s.over(text)
	case s.drawn && !s.json:
		text = "\n" + text
	}
	s.drawn = true
	_, err := io.WriteString(s.out, text)
	return err
}

// over writes as many lines as there is room for, line over line, so that
// nothing flickers.
func (s *screen) over(text string) string {
	height := 24
	if _, h, err := term.GetSize(int(s.live.Fd())); err == nil && h > 1 {
		height = h
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	lines = lines[:min(len(lines), height-1)]
	return "\x1b[H" + strings.Join(lines, "\x1b[K\n") + "\x1b[K\x1b[J"
}
