package caddymodule

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// noticeProxy tells the operator, once for a configuration, when the addresses
// that requests come with cannot be what they should: limits and lists of
// addresses would count the wrong ones.
func (s *services) noticeProxy(r *http.Request) {
	lines := r.Header["X-Forwarded-For"]
	if len(lines) == 0 || s.noticed.Load() != nil {
		return
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if err != nil || !ok {
		return
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	finding := aboutProxy(remote.Addr().Unmap(), trusted, server.TrustedProxiesStrict > 0, strings.Join(lines, ","))
	if finding != "" && s.noticed.CompareAndSwap(nil, &finding) {
		s.app.logger.Warn("not set up safely: " + finding)
	}
}

// aboutProxy judges by one request. That a sender in a network of the
// operator's own is a proxy is a guess, and said as one.
func aboutProxy(sender netip.Addr, trusted, strict bool, forwarded string) string {
	switch {
	case trusted && !strict && strings.Contains(forwarded, ","):
		return "X-Forwarded-For comes with several addresses, and the first is believed, which a client can make up: " +
			"write trusted_proxies_strict beside trusted_proxies"
	case !trusted && (sender.IsPrivate() || sender.IsLoopback()):
		return fmt.Sprintf("requests come from %s with X-Forwarded-For, which nobody believes; if that is a proxy of yours, "+
			"all devices behind it count as one: name it in trusted_proxies", sender)
	default:
		return ""
	}
}
