package faults

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire is one connection to Redis that stays: redis-cli would need a new one
// for each command, which a Redis in trouble may not give.
type wire struct {
	t      *testing.T
	conn   net.Conn
	reader *bufio.Reader
}

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &wire{t, conn, bufio.NewReader(conn)}
}

// send sends a command and waits for nothing.
func (w *wire) send(words ...string) {
	w.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&text, "$%d\r\n%s\r\n", len(word), word)
	}
	_, err := io.WriteString(w.conn, text.String())
	require.NoError(w.t, err, words[0])
}

// do runs a command that must not fail, and answers its reply: text, or a list
// of texts.
func (w *wire) do(words ...string) []string {
	w.t.Helper()
	reply, err := w.try(words...)
	require.NoError(w.t, err, strings.Join(words, " "))
	return reply
}

// try runs a command that may fail.
func (w *wire) try(words ...string) ([]string, error) {
	w.t.Helper()
	w.send(words...)
	return w.read()
}

func (w *wire) read() ([]string, error) {
	line, err := w.reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	head, rest := line[0], strings.TrimSpace(line[1:])
	switch head {
	case '-':
		return nil, fmt.Errorf("redis says %s", rest)
	case '$':
		n, err := strconv.Atoi(rest)
		if err != nil || n < 0 {
			return nil, err
		}
		text := make([]byte, n+2)
		_, err = io.ReadFull(w.reader, text)
		return []string{string(text[:n])}, err
	case '*':
		n, err := strconv.Atoi(rest)
		if err != nil {
			return nil, err
		}
		var all []string
		for range n {
			part, err := w.read()
			if err != nil {
				return nil, err
			}
			all = append(all, part...)
		}
		return all, nil
	}
	return []string{rest}, nil
}
