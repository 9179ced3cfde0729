package caddymodule

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatIsUnsafeIsFound(t *testing.T) {
	public, here := []string{":443"}, []string{"127.0.0.1:8080"}
	encrypted := serverFacts{listen: public, encrypted: true, issuer: true, guard: true, issuerHosts: []string{"sp.example.com"}}
	with := func(change func(*serverFacts)) serverFacts {
		changed := encrypted
		change(&changed)
		return changed
	}
	for name, c := range map[string]struct {
		around surroundings
		want   string // the beginning of the one finding; empty when all is well
	}{
		"nothing":                        {surroundings{}, ""},
		"an admin endpoint on this host": {surroundings{admin: "localhost:2019"}, ""},
		"… on a Unix socket":             {surroundings{admin: "unix//run/caddy.sock"}, ""},
		"… on the loopback of IPv6":      {surroundings{admin: "[::1]:2019"}, ""},
		"… on an inherited descriptor":   {surroundings{admin: "fd/3"}, ""},
		"… everywhere":                   {surroundings{admin: ":2019"}, "Caddy's admin endpoint listens on :2019, "},
		"… everywhere, in other words":   {surroundings{admin: "tcp/0.0.0.0:2019"}, "Caddy's admin endpoint listens on tcp/0.0.0.0:2019, "},
		"… on an address of a network":   {surroundings{admin: "10.0.0.1:2019"}, "Caddy's admin endpoint listens on 10.0.0.1:2019, "},
		"… on a name of a network":       {surroundings{admin: "gateway:2019"}, "Caddy's admin endpoint listens on gateway:2019, "},

		"clients over TLS":                   {surroundings{allowHTTP: true, servers: []serverFacts{encrypted}}, ""},
		"clients in clear text on this host": {surroundings{allowHTTP: true, servers: []serverFacts{{listen: here, issuer: true}}}, ""},
		"clients in clear text anywhere":     {surroundings{allowHTTP: true, servers: []serverFacts{{listen: []string{":80"}, issuer: true}}}, "allow_http: clients register and get tokens in clear text on :80, "},
		"… on this host and elsewhere":       {surroundings{allowHTTP: true, servers: []serverFacts{{listen: []string{"127.0.0.1:80", "10.0.0.1:80"}, issuer: true}}}, "allow_http: clients register and get tokens in clear text on 127.0.0.1:80 10.0.0.1:80, "},
		"clear text that is refused":         {surroundings{servers: []serverFacts{{listen: []string{":80"}, issuer: true}}}, ""},
		"clear text without an issuer":       {surroundings{allowHTTP: true, servers: []serverFacts{{listen: []string{":80"}, guard: true}}}, ""},

		"metrics beside clients":           {surroundings{servers: []serverFacts{with(func(s *serverFacts) { s.metrics = true })}}, "metrics are served on :443, "},
		"metrics beside a guard alone":     {surroundings{servers: []serverFacts{{listen: public, guard: true, metrics: true}}}, "metrics are served on :443, "},
		"metrics by themselves":            {surroundings{servers: []serverFacts{encrypted, {listen: []string{":9180"}, metrics: true}}}, ""},
		"metrics and clients on this host": {surroundings{servers: []serverFacts{{listen: here, issuer: true, metrics: true}}}, ""},

		"the admin endpoint behind clients":            {surroundings{admin: "localhost:2019", servers: []serverFacts{with(func(s *serverFacts) { s.upstreams = []string{"127.0.0.1:2019"} })}}, "requests are passed on from :443, "},
		"… by its socket":                              {surroundings{admin: "unix//run/caddy.sock", servers: []serverFacts{with(func(s *serverFacts) { s.upstreams = []string{"unix//run/caddy.sock"} })}}, "requests are passed on from :443, "},
		"another server on the admin endpoint's port":  {surroundings{admin: "localhost:2019", servers: []serverFacts{with(func(s *serverFacts) { s.upstreams = []string{"10.0.0.1:2019"} })}}, ""},
		"another port on the host of the admin":        {surroundings{admin: "localhost:2019", servers: []serverFacts{with(func(s *serverFacts) { s.upstreams = []string{"localhost:9001"} })}}, ""},
		"an admin endpoint that is off, and its port":  {surroundings{servers: []serverFacts{with(func(s *serverFacts) { s.upstreams = []string{"localhost:2019"} })}}, ""},
		"the admin endpoint behind somebody else only": {surroundings{admin: "localhost:2019", servers: []serverFacts{{listen: public, upstreams: []string{"localhost:2019"}}}}, ""},

		"clear text that is redirected":              {surroundings{servers: []serverFacts{encrypted, {listen: []string{":80"}, redirects: []string{"sp.example.com"}}}}, "requests to http://sp.example.com are redirected to https, "},
		"clear text of everybody that is redirected": {surroundings{servers: []serverFacts{encrypted, {listen: []string{":80"}, redirects: []string{"", "other.example.com"}}}}, "requests to http://sp.example.com are redirected to https, "},
		"clear text of others that is redirected":    {surroundings{servers: []serverFacts{encrypted, {listen: []string{":80"}, redirects: []string{"other.example.com"}}}}, ""},
		"clear text that is answered":                {surroundings{servers: []serverFacts{encrypted, {listen: []string{":80"}, redirects: []string{""}, answers: []string{"sp.example.com"}}}}, ""},
		"redirects over TLS":                         {surroundings{servers: []serverFacts{encrypted, {listen: []string{":8443"}, encrypted: true, redirects: []string{""}}}}, ""},

		"secrets in the logs":                  {surroundings{unfiltered: true, servers: []serverFacts{encrypted}}, "no log has the filter dcr_secrets, "},
		"secrets in the logs of a guard":       {surroundings{unfiltered: true, servers: []serverFacts{{listen: here, guard: true}}}, "no log has the filter dcr_secrets, "},
		"logs of a server without any of ours": {surroundings{unfiltered: true, servers: []serverFacts{{listen: public}}}, ""},
		"a console behind an authentication":   {surroundings{servers: []serverFacts{{listen: public, encrypted: true, console: true}}}, ""},
		"a console behind nothing":             {surroundings{servers: []serverFacts{{listen: public, encrypted: true, console: true, anonymous: true}}}, "dcr_console on :443 lets nobody in, "},
		"a console in clear text":              {surroundings{servers: []serverFacts{{listen: []string{":8081"}, console: true}}}, "dcr_console is served in clear text on :8081, "},
		"a console in clear text on this host": {surroundings{servers: []serverFacts{{listen: here, console: true}}}, ""},

		"a secret of the user's":                {surroundings{files: []fileFacts{{"store", "/a", true, 0o600}}}, ""},
		"a secret of the user's group":          {surroundings{files: []fileFacts{{"store", "/a", true, 0o640}}}, ""},
		"a secret that everybody reads":         {surroundings{files: []fileFacts{{"key_encryption_key", "/a", true, 0o644}}}, "key_encryption_key: the file /a can be read by everybody on this machine (mode 0644)"},
		"a secret that everybody writes":        {surroundings{files: []fileFacts{{"store", "/a", true, 0o602}}}, "store: the file /a can be written by everybody on this machine (mode 0602)"},
		"a public key that everybody reads":     {surroundings{files: []fileFacts{{"trusted_issuer", "/a", false, 0o644}}}, ""},
		"a public key that everybody exchanges": {surroundings{files: []fileFacts{{"trusted_issuer", "/a", false, 0o666}}}, "trusted_issuer: the file /a can be written by everybody on this machine (mode 0666)"},
	} {
		t.Run(name, func(t *testing.T) {
			found := c.around.findings()
			if c.want == "" {
				assert.Empty(t, found)
				return
			}
			if assert.Len(t, found, 1) {
				assert.True(t, strings.HasPrefix(found[0], c.want), found[0])
				assert.Contains(t, found[0][len(c.want):], ": ", "a finding says what to do")
			}
		})
	}
}

func TestAProxyThatIsNotSetUpIsNoticed(t *testing.T) {
	here, private, public := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.3"), netip.MustParseAddr("203.0.113.7")
	for name, c := range map[string]struct {
		sender          netip.Addr
		trusted, strict bool
		forwarded       string
		want            string
	}{
		"a trusted proxy, strictly":                       {private, true, true, "192.0.2.1, 10.0.0.2", ""},
		"a trusted proxy that names one address":          {private, true, false, "192.0.2.1", ""},
		"a trusted proxy that adds to what a client says": {private, true, false, "192.0.2.1, 203.0.113.9", "trusted_proxies_strict"},
		"a proxy in our network that nobody trusts":       {private, false, false, "192.0.2.1", "10.0.0.3"},
		"a proxy on this host that nobody trusts":         {here, false, true, "192.0.2.1", "name it in trusted_proxies"},
		"a client that makes an address up":               {public, false, false, "192.0.2.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := aboutProxy(c.sender, c.trusted, c.strict, c.forwarded)
			if c.want == "" {
				assert.Empty(t, found)
			} else {
				assert.Contains(t, found, c.want)
			}
		})
	}
}
