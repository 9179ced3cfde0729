package caddymodule

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
)

// dialLimit bounds one attempt to connect.
const dialLimit = 2 * time.Second

// guarded lists the upstreams behind a guard, once each.
func (s *surroundings) guarded() []string {
	return s.addresses(func(server *serverFacts) []string { return server.guarded })
}

// unguarded lists the upstreams that can be reached without a guard.
func (s *surroundings) unguarded() []string {
	return s.addresses(func(server *serverFacts) []string { return server.open })
}

// addresses gathers the fixed ones: a placeholder says nothing before there is
// a request.
func (s *surroundings) addresses(of func(*serverFacts) []string) []string {
	var all []string
	for i := range s.servers {
		all = append(all, of(&s.servers[i])...)
	}
	all = slices.DeleteFunc(all, func(address string) bool { return address == "" || strings.Contains(address, "{") })
	slices.Sort(all)
	return slices.Compact(all)
}

// issuers lists for which hosts an issuer answers, and whether one does for any.
func (s *surroundings) issuers() (hosts []string, anywhere bool) {
	for _, server := range s.servers {
		hosts = append(hosts, server.issuerHosts...)
		anywhere = anywhere || server.issuerAnywhere
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), anywhere
}

// dialAll tries to connect to each address, at once.
func dialAll(ctx context.Context, addresses []string) []doctor.Reached {
	tried := make([]doctor.Reached, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		all.Go(func() { tried[i] = doctor.Reached{Address: address, Err: dial(ctx, address)} })
	}
	all.Wait()
	return tried
}

func dial(ctx context.Context, address string) error {
	parsed, err := caddy.ParseNetworkAddress(address)
	if err != nil {
		return errors.New("the address cannot be read")
	}
	if parsed.Network == "udp" {
		return nil // nobody answers a greeting there
	}
	conn, err := (&net.Dialer{Timeout: dialLimit}).DialContext(ctx, parsed.Network, dialable(parsed))
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return err
	}
	return conn.Close()
}

// dialable is where to connect to for what listens everywhere.
func dialable(a caddy.NetworkAddress) string {
	if a.IsUnixNetwork() {
		return a.Host
	}
	if ip := net.ParseIP(a.Host); a.Host == "" || ip != nil && ip.IsUnspecified() {
		a.Host = "127.0.0.1"
	}
	return a.JoinHostPort(0)
}

// shownCertificates asks the gateway's own listeners what clients get to see.
func shownCertificates(ctx context.Context, around *surroundings, issuerHost string) []doctor.Certificate {
	type question struct{ listener, host string }
	var questions []question
	for i := range around.servers {
		server := &around.servers[i]
		if !server.encrypted || !server.issuer && !server.guard {
			continue
		}
		hosts := slices.Concat(server.issuerHosts, server.guardHosts)
		if server.issuerAnywhere {
			hosts = append(hosts, issuerHost)
		}
		slices.Sort(hosts)
		for _, host := range slices.Compact(hosts) {
			// A pattern is no name to ask for, and a placeholder none yet.
			if len(server.listen) > 0 && !strings.ContainsAny(host, "*{") && host != "" {
				questions = append(questions, question{server.listen[0], host})
			}
		}
	}
	certificates := make([]doctor.Certificate, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { certificates[i] = shownCertificate(ctx, q.listener, q.host) })
	}
	all.Wait()
	return certificates
}

func shownCertificate(ctx context.Context, listener, host string) doctor.Certificate {
	shown := doctor.Certificate{Host: host, Listener: listener}
	parsed, err := caddy.ParseNetworkAddress(listener)
	if err != nil {
		shown.Err = errors.New("the address cannot be read")
		return shown
	}
	var leaf *x509.Certificate
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: dialLimit}, Config: &tls.Config{
		ServerName: host, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // the certificate is what is asked for; nothing is sent
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) > 0 {
				leaf = state.PeerCertificates[0]
			}
			return nil
		},
	}}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := dialer.DialContext(ctx, parsed.Network, dialable(parsed))
	if err == nil {
		conn.Close()
	}
	// A listener that wants a certificate of the client hangs up after it has
	// shown its own.
	if leaf == nil {
		shown.Err = err
		return shown
	}
	shown.Issuer, shown.Names = leaf.Issuer.String(), leaf.VerifyHostname(host) == nil
	shown.NotBefore, shown.NotAfter = leaf.NotBefore, leaf.NotAfter
	return shown
}
