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
	s.clients.Load().rediscover(ctx)
	text, fault := class(err)
	return plugins.Because(fault, fmt.Errorf("redis %s: %s: %w", what, text, plugins.ErrUnavailable))
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
var codes = []struct {
	code, text string
	fault      plugins.Fault
}{
	{"LOADING", "the server is loading its data", plugins.FaultLoading},
	{"READONLY", "the server is a replica and read-only", plugins.FaultReadOnly},
	{"OOM", "the server is out of memory (maxmemory)", plugins.FaultOutOfMemory},
	{"MISCONF", "the server cannot write to its disk (MISCONF)", plugins.FaultDisk},
	{"NOAUTH", "the server wants a password", plugins.FaultDenied},
	{"WRONGPASS", "wrong user name or password", plugins.FaultDenied},
	{"NOPERM", "the user's ACL does not allow it", plugins.FaultDenied},
	{"The user executing the script", "the user's ACL does not allow it", plugins.FaultDenied},
	{"BUSY", "the server is busy with a script", plugins.FaultBusy},
	{"CLUSTERDOWN", "the cluster is down", plugins.FaultCluster},
	{"CROSSSLOT", "keys in different slots: is it a cluster?", plugins.FaultCluster},
	{"MOVED", "the cluster redirects: is cluster configured?", plugins.FaultCluster},
	{"ASK", "the cluster redirects: is cluster configured?", plugins.FaultCluster},
	{"TRYAGAIN", "the cluster is moving slots", plugins.FaultCluster},
	{"MASTERDOWN", "the replica has lost its primary", plugins.FaultReplication},
	{"NOREPLICAS", "the server has too few replicas", plugins.FaultReplication},
	{"UNBLOCKED", "the server became a replica", plugins.FaultReadOnly},
	{"WRONGTYPE", "a key holds something else: is key_prefix used by another program?", plugins.FaultProtocol},
	{"max number of clients", "the server has too many connections", plugins.FaultBusy},
}

// class names what went wrong, in words and by its class.
func class(err error) (text string, fault plugins.Fault) {
	for _, known := range []struct {
		err   error
		fault plugins.Fault
	}{{errDesync, plugins.FaultProtocol}, {errReply, plugins.FaultProtocol}, {errReplicas, plugins.FaultReplication}} {
		if errors.Is(err, known.err) {
			return known.err.Error(), known.fault
		}
	}
	var answer redis.Error
	if errors.As(err, &answer) && !errors.Is(err, redis.Nil) {
		for _, c := range codes {
			if strings.Contains(answer.Error(), c.code) {
				return c.text, c.fault
			}
		}
		return "an error reply", plugins.FaultOther
	}
	return transport(err)
}

// transport names what kept a command or its reply from arriving.
func transport(err error) (text string, fault plugins.Fault) {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var name *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, redis.ErrPoolTimeout):
		return "no connection is free (pool_size)", plugins.FaultBusy
	case errors.As(err, &verification), errors.As(err, &authority):
		return "the server's certificate is not trusted", plugins.FaultTLS
	case errors.As(err, &alert), errors.As(err, &record):
		return "no TLS could be agreed on", plugins.FaultTLS
	case errors.As(err, &name):
		return "the host name does not resolve", plugins.FaultUnreachable
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time", plugins.FaultTimeout
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot connect", plugins.FaultUnreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), op != nil:
		return "the connection broke", plugins.FaultBroken
	}
	return "no usable answer: is it Redis, and does it speak TLS?", plugins.FaultProtocol
}
