package rawhttp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func http1(ctx context.Context, server Server, r Request) (harness.Answer, error) {
	conn, err := dial(ctx, server, "http/1.1")
	if err != nil {
		return harness.Answer{}, err
	}
	defer conn.Close()
	// A server that answers early may close before all is sent: whether there is
	// an answer only reading tells.
	_, unsent := io.WriteString(conn, r.text(server.Name))
	if r.Slowly != nil {
		go r.Slowly(func(text string) error {
			_, err := io.WriteString(conn, text)
			return err
		})
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.Method})
	if err != nil {
		return harness.Answer{}, refused(errors.Join(unsent, err))
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return harness.Answer{Status: response.StatusCode, Header: response.Header}, nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return harness.Answer{}, refused(err)
	}
	return harness.Answer{Status: response.StatusCode, Header: response.Header, Body: string(body)}, nil
}

// OpenHTTP1 opens a connection that ends when the patience does.
func OpenHTTP1(ctx context.Context, server Server) (net.Conn, error) {
	return dial(ctx, server, "http/1.1")
}

// dial opens a connection that ends when the patience does.
func dial(ctx context.Context, server Server, protocol string) (net.Conn, error) {
	conn, err := (&tls.Dialer{Config: server.tls(protocol)}).DialContext(ctx, "tcp", server.Address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(Patience))
}

// text is the request in HTTP/1.1. A body is as long as it is, unless a line
// says how it is framed; trailers need chunks.
func (r Request) text(host string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Target, host)
	for _, line := range r.Lines {
		text.WriteString(line + "\r\n")
	}
	switch {
	case len(r.Trailers) > 0:
		fmt.Fprintf(&text, "Transfer-Encoding: chunked\r\n\r\n")
		if r.Body != "" {
			fmt.Fprintf(&text, "%x\r\n%s\r\n", len(r.Body), r.Body)
		}
		text.WriteString("0\r\n" + strings.Join(r.Trailers, "\r\n") + "\r\n\r\n")
	case r.Body != "" && !slices.ContainsFunc(r.Lines, framing):
		fmt.Fprintf(&text, "Content-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	default:
		text.WriteString("\r\n" + r.Body)
	}
	return text.String()
}

func framing(line string) bool {
	name := strings.ToLower(cut(line).name)
	return name == "content-length" || name == "transfer-encoding"
}

// Text sends a text as it stands over HTTP/1.1's connection, and answers
// everything that comes back until the server closes it.
func Text(ctx context.Context, server Server, text string) (string, error) {
	conn, err := dial(ctx, server, "http/1.1")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_, unsent := io.WriteString(conn, text)
	answer, err := io.ReadAll(conn)
	if len(answer) > 0 {
		return string(answer), nil // a connection that is closed hard has answered before
	}
	if err := errors.Join(unsent, err); err != nil {
		return "", refused(err)
	}
	return "", ErrRefused
}
