package identity

import (
	"net/http"
	"slices"
	"strings"
)

// connectionOptions are the only tokens that a Connection header may name. Any
// other would make the proxy drop the header of that name on its way to the
// backend, ours included (CVE-2025-48865).
var connectionOptions = map[string]bool{
	"close": true, "keep-alive": true, "upgrade": true, "te": true, "trailers": true,
}

// CleanConnection takes every token out of the Connection header that names
// another header than the known ones.
func CleanConnection(h http.Header) {
	lines := h["Connection"]
	if len(lines) == 0 || (len(lines) == 1 && connectionOptions[lines[0]]) {
		return
	}
	var kept []string
	for _, line := range lines {
		for token := range strings.SplitSeq(line, ",") {
			token = strings.ToLower(strings.Trim(token, " \t"))
			if connectionOptions[token] {
				kept = append(kept, token)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Connection")
		return
	}
	h["Connection"] = []string{strings.Join(kept, ", ")}
}

// Upgrade is what a request asks to turn its connection into.
type Upgrade uint8

const (
	NoUpgrade Upgrade = iota
	WebSocket
	// OtherUpgrade is everything else, h2c above all: a backend that speaks it
	// would serve requests that nobody checked (CVE-2021-29492's kin).
	OtherUpgrade
)

// UpgradeOf reads what the request asks for.
func UpgradeOf(h http.Header) Upgrade {
	lines := h["Upgrade"]
	switch {
	case len(h["Http2-Settings"]) > 0:
		return OtherUpgrade
	case len(lines) == 0:
		return NoUpgrade
	case len(lines) == 1 && strings.EqualFold(strings.Trim(lines[0], " \t"), "websocket"):
		return WebSocket
	default:
		return OtherUpgrade
	}
}

// CleanUpgrade has a proxy forward no upgrade but one to a WebSocket: what the
// Connection header does not name ends there. A server need not follow (RFC 9110
// section 7.8). What was asked for stays for [UpgradeOf], since a guard refuses it.
func CleanUpgrade(h http.Header) {
	if len(h["Connection"]) == 0 || UpgradeOf(h) != OtherUpgrade {
		return
	}
	kept := slices.DeleteFunc(strings.Split(strings.Join(h["Connection"], ","), ","), func(token string) bool {
		return strings.EqualFold(strings.Trim(token, " \t"), "upgrade")
	})
	delete(h, "Connection")
	if len(kept) > 0 {
		h["Connection"] = []string{strings.Join(kept, ",")}
	}
}
