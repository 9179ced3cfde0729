package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TrustedProxy is a proxy in front of the gateway that authenticates people.
type TrustedProxy struct {
	// From lists the addresses and networks from which the proxy connects. The
	// headers of everybody else say nothing. `private_ranges` stands for those
	// of private networks.
	From []string `json:"from,omitempty"`
	// IdentityHeader says who somebody is. The proxy has to set it itself, in
	// every request, in the place of whatever the client sent.
	IdentityHeader string `json:"identity_header,omitempty"`
	// GroupsHeader lists the groups that somebody is in, separated by commas.
	GroupsHeader string `json:"groups_header,omitempty"`
}

// identifier finds out who asks, by what the operator trusts.
type identifier interface {
	// who is nobody where the name is empty.
	who(r *http.Request) (name, method string, groups []string)
	// from is the method by which it is established, as far as that can be told
	// beforehand.
	from() string
}

const defaultIdentity = "{http.auth.user.id}"

func (c *Console) identifier() (identifier, error) {
	if c.TrustedProxy != nil {
		if c.Identity != "" || c.Groups != "" {
			return nil, errors.New("trusted_proxy: got identity or groups as well, want one of the two: the headers say both")
		}
		return c.TrustedProxy.identifier()
	}
	if c.Identity == "" {
		c.Identity = defaultIdentity
	}
	identity, err := readSource("identity", c.Identity)
	if err != nil {
		return nil, err
	}
	known := filled{identity: identity}
	if c.Groups != "" {
		if known.groups, err = readSource("groups", c.Groups); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// source is a placeholder that nobody but those whom the operator trusts can
// fill.
type source struct {
	key    string
	method string
}

// Families of placeholders, and what the audit calls that somebody was
// identified by one.
var sources = []source{
	{"http.auth.user.", methodCaddy},
	{"http.request.tls.client.", methodCertificate},
	{"http.reverse_proxy.header.", methodForward},
}

const (
	methodCaddy       = "caddy_authentication"
	methodForward     = "forward_auth"
	methodCertificate = "client_certificate"
	methodBasic       = "http_basic"
	methodProxy       = "trusted_proxy"
)

func readSource(field, text string) (source, error) {
	key, braces := strings.CutPrefix(text, "{")
	key, closed := strings.CutSuffix(key, "}")
	if braces && closed && !strings.ContainsAny(key, "{}") {
		for _, family := range sources {
			if rest, ok := strings.CutPrefix(key, family.key); ok && rest != "" {
				return source{key, family.method}, nil
			}
		}
	}
	return source{}, fmt.Errorf("%s: got %q, want one placeholder that no client can fill: {http.auth.user.…}, "+
		"{http.request.tls.client.…} or, behind forward_auth, {http.reverse_proxy.header.…}; "+
		"for a header of a proxy in front write trusted_proxy", field, text)
}

// filled identifies by what handlers in front have established.
type filled struct{ identity, groups source }

func (p filled) who(r *http.Request) (name, method string, groups []string) {
	name, method = p.identity.value(r), p.identity.method
	if user, _, basic := r.BasicAuth(); basic && user == name && p.identity.key == strings.Trim(defaultIdentity, "{}") {
		method = methodBasic
	}
	if p.groups.key != "" {
		groups = listed(p.groups.value(r))
	}
	return name, method, groups
}

func (s source) value(r *http.Request) string {
	// Caddy has a placeholder for any certificate that came, and a policy may
	// ask for one without looking at who signed it.
	if s.method == methodCertificate && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return ""
	}
	replacer, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return ""
	}
	text, _ := replacer.GetString(s.key)
	return text
}

func (p filled) from() string { return p.identity.method }

// proxied identifies by what a proxy in front says.
type proxied struct {
	peers            []netip.Prefix
	identity, groups string
}

func (t *TrustedProxy) identifier() (identifier, error) {
	if len(t.From) == 0 {
		return nil, errors.New("trusted_proxy: from: got none, want the addresses of the proxy")
	}
	if t.IdentityHeader == "" {
		return nil, errors.New("trusted_proxy: identity_header: got none, want the header in which the proxy says who somebody is")
	}
	p := proxied{identity: t.IdentityHeader, groups: t.GroupsHeader}
	for _, text := range t.From {
		ranges := []string{text}
		if text == "private_ranges" {
			ranges = caddyhttp.PrivateRangesCIDR()
		}
		for _, text := range ranges {
			prefix, err := parseRange(text)
			if err != nil {
				return nil, err
			}
			p.peers = append(p.peers, prefix)
		}
	}
	return p, nil
}

func parseRange(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Bits() == 0 {
		return prefix, fmt.Errorf("trusted_proxy: from: got %q, want an address or a network that is not everybody's, such as 10.0.0.7 or 10.0.0.0/24", text)
	}
	return prefix.Masked(), nil
}

func (p proxied) who(r *http.Request) (name, method string, groups []string) {
	// The connection's own address: whatever X-Forwarded-For says of it is
	// about somebody else.
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !p.trusts(peer.Addr().Unmap()) {
		return "", methodProxy, nil
	}
	if p.groups != "" {
		groups = listed(once(r, p.groups))
	}
	return once(r, p.identity), methodProxy, groups
}

func (proxied) from() string { return methodProxy }

func (p proxied) trusts(peer netip.Addr) bool {
	for _, prefix := range p.peers {
		if prefix.Contains(peer) {
			return true
		}
	}
	return false
}

// once is the value of a header that stands there once. A second line may be
// the client's, in front of the proxy's or behind it.
func once(r *http.Request, name string) string {
	if lines := r.Header.Values(name); len(lines) == 1 {
		return lines[0]
	}
	return ""
}

// listed reads a list with commas.
func listed(text string) []string {
	var values []string
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}
