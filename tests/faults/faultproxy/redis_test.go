package faultproxy_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// brief is how long a test waits for what must not come.
const brief = 150 * time.Millisecond

// session is a client that speaks RESP by hand, so that no library's care
// stands between the test and the bytes.
type session struct {
	t      *testing.T
	conn   net.Conn
	reader *bufio.Reader
}

func connect(t *testing.T, addr string) *session {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &session{t: t, conn: conn, reader: bufio.NewReader(conn)}
}

// send sends one command.
func (s *session) send(words ...string) {
	s.t.Helper()
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	_, err := io.WriteString(s.conn, text)
	require.NoError(s.t, err)
}

// line answers the next line, or the error that came in its place.
func (s *session) line(within time.Duration) (string, error) {
	s.t.Helper()
	require.NoError(s.t, s.conn.SetReadDeadline(time.Now().Add(within)))
	text, err := s.reader.ReadString('\n')
	return strings.TrimRight(text, "\r\n"), err
}

// bulk answers the next string with a length.
func (s *session) bulk() string {
	s.t.Helper()
	head, err := s.line(time.Minute)
	require.NoError(s.t, err)
	n, err := strconv.Atoi(strings.TrimPrefix(head, "$"))
	require.NoError(s.t, err, head)
	body := make([]byte, n+2)
	_, err = io.ReadFull(s.reader, body)
	require.NoError(s.t, err)
	return string(body[:n])
}

// echo makes Redis say the word.
func (s *session) echo(word string) string {
	s.t.Helper()
	s.send("ECHO", word)
	return s.bulk()
}

// silent fails the test when anything comes, the end of the connection too.
func (s *session) silent() {
	s.t.Helper()
	_, err := s.line(brief)
	var timeout net.Error
	require.ErrorAs(s.t, err, &timeout)
	require.True(s.t, timeout.Timeout(), "%v", err)
}

// ended fails the test when the connection does not end.
func (s *session) ended() error {
	s.t.Helper()
	require.NoError(s.t, s.conn.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := io.Copy(io.Discard, s.reader)
	if err == nil {
		return io.EOF
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		s.t.Fatal("the connection stays open")
	}
	return err
}
