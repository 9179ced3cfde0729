package harness

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Seen is one request as it arrived at a backend, byte for byte.
type Seen struct {
	Method, Target, Proto string
	// Lines are the header lines as they stood on the wire, in order.
	Lines []string
	Body  string
	// Trailers are the lines behind a chunked body.
	Trailers []string
}

// Values answers the values of every header line with the name, compared
// without regard to case.
func (s Seen) Values(name string) []string {
	var values []string
	for _, line := range s.Lines {
		if key, value, _ := strings.Cut(line, ":"); strings.EqualFold(key, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Names answers the names of the header lines as spelt on the wire, sorted.
func (s Seen) Names() []string {
	var names []string
	for _, line := range s.Lines {
		key, _, _ := strings.Cut(line, ":")
		names = append(names, key)
	}
	slices.Sort(names)
	return names
}

// Backend is a protected API that records what reaches it. It speaks HTTP/1.1
// on the bare connection, because a library would tidy up what it received.
type Backend struct {
	Name string
	Addr string

	mutex  sync.Mutex
	seen   []Seen
	answer string
}

// StartBackend listens on the loopback until the test ends.
func StartBackend(tb testing.TB, name string) *Backend {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	b := &Backend{Name: name, Addr: listener.Addr().String()}
	b.Answer("200 OK", "application/json", fmt.Sprintf(`{"backend":%q}`, name))
	tb.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go b.serve(conn)
		}
	}()
	return b
}

// Answer sets what every later request gets.
func (b *Backend) Answer(status, contentType, body string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.answer = fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\n", status, contentType)
	if !strings.HasPrefix(status, "204") {
		b.answer += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	b.answer += "\r\n" + body
}

// Seen answers the requests since the start or the last call of Forget.
func (b *Backend) Seen() []Seen {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.Clone(b.seen)
}

// Forget drops what was recorded.
func (b *Backend) Forget() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.seen = nil
}

// Only answers the one request since Forget, and fails the test when there
// was none or were several.
func (b *Backend) Only(tb testing.TB) Seen {
	tb.Helper()
	seen := b.Seen()
	if len(seen) != 1 {
		tb.Fatalf("backend %s saw %d requests, want one: %+v", b.Name, len(seen), seen)
	}
	return seen[0]
}

func (b *Backend) serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		request, err := readRequest(reader)
		if err != nil {
			return
		}
		b.mutex.Lock()
		b.seen = append(b.seen, request)
		answer := b.answer
		b.mutex.Unlock()
		if request.Method == http.MethodHead {
			head, _, _ := strings.Cut(answer, "\r\n\r\n")
			answer = head + "\r\n\r\n"
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func readRequest(reader *bufio.Reader) (Seen, error) {
	start, err := readLine(reader)
	if err != nil {
		return Seen{}, err
	}
	parts := strings.Split(start, " ")
	if len(parts) != 3 {
		return Seen{}, fmt.Errorf("request line %q: want three parts", start)
	}
	request := Seen{Method: parts[0], Target: parts[1], Proto: parts[2]}
	for {
		line, err := readLine(reader)
		if err != nil {
			return Seen{}, err
		}
		if line == "" {
			break
		}
		request.Lines = append(request.Lines, line)
	}
	err = readBody(reader, &request)
	return request, err
}

func readLine(reader *bufio.Reader) (string, error) {
	line, err := reader.ReadString('\n')
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}

func readBody(reader *bufio.Reader, request *Seen) error {
	if slices.Contains(request.Values("Transfer-Encoding"), "chunked") {
		body, err := io.ReadAll(httputil.NewChunkedReader(reader))
		if err != nil {
			return err
		}
		request.Body = string(body)
		for { // trailers, up to the empty line
			line, err := readLine(reader)
			if err != nil || line == "" {
				return err
			}
			request.Trailers = append(request.Trailers, line)
		}
	}
	lengths := request.Values("Content-Length")
	if len(lengths) == 0 {
		return nil
	}
	length, err := strconv.Atoi(lengths[0])
	if err != nil {
		return fmt.Errorf("content length: %w", err)
	}
	var body bytes.Buffer
	_, err = io.CopyN(&body, reader, int64(length))
	request.Body = body.String()
	return err
}
