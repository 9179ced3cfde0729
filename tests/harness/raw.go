package harness

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Raw sends the lines as they stand, each ended with CRLF, then the body, on a
// connection of its own: what no HTTP library would send. The Host line and
// the length of the body are added.
func (g *Gateway) Raw(tb testing.TB, requestLine, body string, lines ...string) Answer {
	tb.Helper()
	address := strings.TrimPrefix(g.URL, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		tb.Fatal(err)
	}
	method, _, _ := strings.Cut(requestLine, " ")
	if _, err := io.WriteString(conn, rawRequest(address, requestLine, body, lines...)); err != nil {
		tb.Fatalf("sending %q: %v", requestLine, err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		tb.Fatalf("reading the answer to %q: %v", requestLine, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatalf("reading the answer to %q: %v", requestLine, err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(text)}
}

// rawRequest is the text of a request with the lines as they stand.
func rawRequest(host, requestLine, body string, lines ...string) string {
	var text strings.Builder
	text.WriteString(requestLine + "\r\nHost: " + host + "\r\n")
	for _, line := range lines {
		text.WriteString(line + "\r\n")
	}
	if body != "" {
		text.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	text.WriteString("\r\n" + body)
	return text.String()
}
