package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// failed turns whatever went wrong into an error of the contract. The cause is
// named by its class and not wrapped: the texts of servers and of the driver
// can quote arguments, a password among them, and a time-out of the driver's
// must not look like the caller's own.
func (s *Store) failed(ctx context.Context, what string, err error) error {
	if s.closed.Load() {
		return plugins.ErrClosed
	}
	if ended := endOf(ctx); ended != nil {
		return fmt.Errorf("redis %s: %w: %w", what, plugins.ErrUnavailable, ended)
	}
	return fmt.Errorf("redis %s: %s: %w", what, class(err), plugins.ErrUnavailable)
}

// endOf is the caller's own end. A read that was given the context's deadline
// can end a moment before the context knows.
func endOf(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// misuse is a call that the contract does not allow.
func misuse(what, problem string, args ...any) error {
	return fmt.Errorf("redis %s: %s: %w", what, fmt.Sprintf(problem, args...), plugins.ErrUnavailable)
}

// codes are the beginnings of Redis's error replies. The user's right to run a
// script does not include the right to what the script does, which Redis 7.0
// says without a code.
var codes = []struct{ code, class string }{
	{"LOADING", "the server is loading its data"},
	{"READONLY", "the server is a replica and read-only"},
	{"OOM", "the server is out of memory (maxmemory)"},
	{"MISCONF", "the server cannot write to its disk (MISCONF)"},
	{"NOAUTH", "the server wants a password"},
	{"WRONGPASS", "wrong user name or password"},
	{"NOPERM", "the user's ACL does not allow it"},
	{"The user executing the script", "the user's ACL does not allow it"},
	{"BUSY", "the server is busy with a script"},
	{"CLUSTERDOWN", "the cluster is down"},
	{"CROSSSLOT", "keys in different slots: is it a cluster?"},
	{"MOVED", "the cluster redirects: is cluster configured?"},
	{"ASK", "the cluster redirects: is cluster configured?"},
	{"TRYAGAIN", "the cluster is moving slots"},
	{"MASTERDOWN", "the replica has lost its primary"},
	{"NOREPLICAS", "the server has too few replicas"},
	{"UNBLOCKED", "the server became a replica"},
	{"WRONGTYPE", "a key holds something else: is key_prefix used by another program?"},
	{"max number of clients", "the server has too many connections"},
}

func class(err error) string {
	for _, known := range []error{errDesync, errReply, errReplicas} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	var answer redis.Error
	if errors.As(err, &answer) && !errors.Is(err, redis.Nil) {
		for _, c := range codes {
			if strings.Contains(answer.Error(), c.code) {
				return c.class
			}
		}
		return "an error reply"
	}
	return transport(err)
}

// transport names what kept a command or its reply from arriving.
func transport(err error) string {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var name *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, redis.ErrPoolTimeout):
		return "no connection is free (pool_size)"
	case errors.As(err, &verification), errors.As(err, &authority):
		return "the server's certificate is not trusted"
	case errors.As(err, &alert), errors.As(err, &record):
		return "no TLS could be agreed on"
	case errors.As(err, &name):
		return "the host name does not resolve"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot connect"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), op != nil:
		return "the connection broke"
	}
	return "no usable answer: is it Redis, and does it speak TLS?"
}
