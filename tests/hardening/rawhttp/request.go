// Package rawhttp sends requests over HTTP/1.1, HTTP/2 and HTTP/3 field by
// field, as no HTTP library would let anybody.
package rawhttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Patience bounds every exchange: long enough for a busy machine.
const Patience = time.Minute

// ErrRefused is wrapped by the errors of exchanges that the server ended
// without an answer: it reset the stream or closed the connection.
var ErrRefused = errors.New("the server gave no answer")

// Server is where to send requests, always over TLS.
type Server struct {
	// Address is host and port; UDP has the same one for HTTP/3.
	Address string
	// Name is what the certificate is for, and the authority of requests.
	Name  string
	Roots *x509.CertPool
}

func (s Server) tls(protocol string) *tls.Config {
	return &tls.Config{RootCAs: s.Roots, ServerName: s.Name, NextProtos: []string{protocol}, MinVersion: tls.VersionTLS12}
}

// Request is sent as it stands. Lines are "name: value", cut at the first
// colon before a space, so that "x-y : 1" has a name that ends in a space.
// Pseudo-headers of HTTP/2 and HTTP/3, such as ":protocol: websocket", are
// sent first; their names and all others go out in small letters there.
type Request struct {
	Method, Target string
	Lines          []string
	Body           string
	// Trailers are sent behind the body.
	Trailers []string
	// Slowly sends the body instead, while the answer is waited for. It ends
	// when a write fails. HTTP/1.1 needs a line that says how long the body is.
	Slowly func(write func(string) error)
}

// Protocol is one version of HTTP.
type Protocol struct {
	Name string
	// Send makes a connection of its own for the one request.
	Send func(context.Context, Server, Request) (harness.Answer, error)
}

// Protocols lists those that the gateway speaks.
var Protocols = []Protocol{{"HTTP/1.1", http1}, {"HTTP/2", http2}, {"HTTP/3", http3}}

type field struct{ name, value string }

func cut(line string) field {
	name, value, _ := strings.Cut(line, ": ")
	return field{name, value}
}

// fields are those of the request for HTTP/2 and HTTP/3, in order.
func (r Request) fields(authority string) []field {
	all := []field{{":method", r.Method}, {":scheme", "https"}, {":authority", authority}, {":path", r.Target}}
	for _, pseudo := range []bool{true, false} {
		for _, line := range r.Lines {
			if f := cut(line); strings.HasPrefix(f.name, ":") == pseudo {
				all = append(all, field{strings.ToLower(f.name), f.value})
			}
		}
	}
	return all
}

// trailers are those of the request for HTTP/2 and HTTP/3.
func (r Request) trailers() []field {
	var all []field
	for _, line := range r.Trailers {
		f := cut(line)
		all = append(all, field{strings.ToLower(f.name), f.value})
	}
	return all
}

func refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }
