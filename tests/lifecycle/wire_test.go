package lifecycle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// patience bounds what a test waits for.
const patience = 30 * time.Second

// visitor opens a connection for each request, so that none is left over.
var visitor = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// call sends one request on a connection of its own.
func (w *world) call(method, target, body string, headers ...string) outcome {
	return send(visitor, method, w.URL+target, body, headers...)
}

// ended says that Caddy has closed the connection and answered nothing. It
// gives every configuration a listener and a server of its own, also for its
// admin endpoint; when it closes the ones before, they drop what they have
// accepted and not yet read to the end.
func (o outcome) ended() bool {
	return errors.Is(o.err, io.EOF) || errors.Is(o.err, syscall.ECONNRESET) || errors.Is(o.err, syscall.EPIPE)
}

// send sends one request. Headers are given as "Name: value".
func send(client *http.Client, method, url, body string, headers ...string) outcome {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return outcome{err: err}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return outcome{err: err}
	}
	return read(response)
}

func read(response *http.Response) outcome {
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return outcome{Answer: harness.Answer{Status: response.StatusCode, Header: response.Header, Body: string(text)}, err: err}
}

// half is a request of which the gateway has the first part only.
type half struct {
	connection net.Conn
	rest       string
}

// begin sends the head of a request and one byte of its body.
func (w *world) begin(t *testing.T, target, contentType, body string) *half {
	t.Helper()
	address := strings.TrimPrefix(w.URL, "http://")
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	require.NoError(t, connection.SetDeadline(time.Now().Add(patience)))
	// The gateway asks for the body when it begins to read it, and so tells
	// that the request has arrived.
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		target, address, contentType, len(body))
	require.NoError(t, err)
	asked := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	_, err = io.ReadFull(connection, asked)
	require.NoError(t, err)
	require.Contains(t, string(asked), "100 Continue")
	_, err = io.WriteString(connection, body[:1])
	require.NoError(t, err)
	return &half{connection: connection, rest: body[1:]}
}

// finish sends the rest, and checks the status of the answer.
func (h *half) finish(t *testing.T, status int) {
	t.Helper()
	_, err := io.WriteString(h.connection, h.rest)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(h.connection), nil)
	require.NoError(t, err)
	answer := read(response)
	assert.NoError(t, answer.err)
	assert.Equal(t, status, answer.Status, answer.Body)
}
