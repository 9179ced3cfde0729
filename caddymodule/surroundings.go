package caddymodule

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

// lookAround remembers what is only there while the configuration is loaded:
// a store's configuration is gone once the store has read it.
func (a *App) lookAround(ctx caddy.Context) {
	a.ctx, a.files = ctx, a.namedFiles()
}

// warnOfUnsafe tells the operator what is unsafe when the configuration
// starts. It refuses nothing: what it sees can have a reason that it cannot
// see, such as a firewall.
func (a *App) warnOfUnsafe() {
	around := a.surroundings()
	for _, finding := range around.findings() {
		a.logger.Warn("not set up safely: " + finding)
	}
}

func (a *App) surroundings() surroundings {
	around := surroundings{allowHTTP: a.AllowHTTP, admin: adminAddress(a.ctx), unfiltered: unfiltered(a.ctx), files: a.files}
	if value, err := a.ctx.AppIfConfigured("http"); err == nil {
		servers := value.(*caddyhttp.App).Servers
		for _, name := range slices.Sorted(maps.Keys(servers)) {
			around.servers = append(around.servers, factsOf(servers[name]))
		}
	}
	return around
}

// adminAddress is where Caddy's admin endpoint listens. Caddy tells nobody, so
// it is read where Caddy keeps it; should that move, nothing is said about it,
// and the test of the warning fails.
func adminAddress(ctx caddy.Context) string {
	config := configOf(ctx)
	if !config.IsValid() {
		return ""
	}
	admin := config.Elem().FieldByName("Admin")
	if !admin.IsValid() || admin.IsZero() {
		return caddy.DefaultAdminListen
	}
	listen, disabled := admin.Elem().FieldByName("Listen"), admin.Elem().FieldByName("Disabled")
	switch {
	case disabled.IsValid() && !disabled.IsZero():
		return ""
	case !listen.IsValid() || listen.IsZero():
		return caddy.DefaultAdminListen
	default:
		return caddy.NewReplacer().ReplaceAll(listen.String(), "")
	}
}

// splitAddress cuts a network address of Caddy's into its parts.
func splitAddress(address string) (network, host, port string) {
	network, host, port, err := caddy.SplitNetworkAddress(address)
	if err != nil || network == "" {
		network = "tcp"
	}
	return network, host, port
}

// filePlaceholder finds the files whose content an option takes.
var filePlaceholder = regexp.MustCompile(`\{file\.([^{}]+)\}`)

// namedFiles looks at the files that hold secrets, and at those whose content
// decides whom to trust.
func (a *App) namedFiles() []fileFacts {
	var files []fileFacts
	look := func(option, path string, secret bool) {
		// What is not there has been complained about already.
		if info, err := os.Stat(path); err == nil {
			files = append(files, fileFacts{option: option, path: path, secret: secret, mode: info.Mode()})
		}
	}
	for option, text := range map[string]string{"key_encryption_key": a.KeyEncryptionKey, "store": string(a.StoreRaw)} {
		for _, found := range filePlaceholder.FindAllStringSubmatch(text, -1) {
			look(option, found[1], true)
		}
	}
	for _, issuer := range a.TrustedIssuers {
		for _, file := range issuer.KeyFiles {
			look("trusted_issuer", caddy.NewReplacer().ReplaceAll(file, ""), false)
		}
	}
	return files
}

// factsOf walks through a server's routes.
func factsOf(server *caddyhttp.Server) serverFacts {
	facts := serverFacts{listen: server.Listen, encrypted: len(server.TLSConnPolicies) > 0}
	facts.inFront = map[string]bool{methodCertificate: slices.ContainsFunc(server.TLSConnPolicies, func(p *caddytls.ConnectionPolicy) bool {
		return p.ClientAuthentication != nil
	})}
	facts.walk(server.Routes, nil, false)
	return facts
}

// walk notes what handlers there are. A guard stands before what follows it in
// its own route, and before later routes for the same requests, as far as that
// can be seen without one.
func (f *serverFacts) walk(routes caddyhttp.RouteList, hosts []string, guarded bool) {
	var guards []caddyhttp.MatcherSets
	for i := range routes {
		route := &routes[i]
		within, inFront := hosts, f.inFront
		if named := hostsOf(route); named != nil {
			// What authenticates at one site does so for no other.
			within, f.inFront = named, maps.Clone(inFront)
		}
		behind := guarded || slices.ContainsFunc(guards, func(guard caddyhttp.MatcherSets) bool {
			return len(guard) == 0 || reflect.DeepEqual(guard, route.MatcherSets)
		})
		for _, handler := range route.Handlers {
			if _, guard := handler.(*Guard); guard {
				behind = true
				guards = append(guards, route.MatcherSets)
			}
			f.see(handler, within, behind)
		}
		f.inFront = inFront
	}
}

func (f *serverFacts) see(handler caddyhttp.MiddlewareHandler, hosts []string, guarded bool) {
	switch h := handler.(type) {
	case *caddyhttp.Subroute:
		f.walk(h.Routes, hosts, guarded)
		return
	case *Issuer:
		f.issuer = true
		f.issuerHosts = append(f.issuerHosts, hosts...)
		f.issuerAnywhere = f.issuerAnywhere || len(hosts) == 0
	case *Guard:
		f.guard = true
		f.guardHosts = append(f.guardHosts, hosts...)
	case *Console:
		f.console = true
		f.anonymous = f.anonymous || h.TrustedProxy == nil && !f.inFront[h.identity.from()]
	case *caddyauth.Authentication:
		f.inFront[methodCaddy] = true
	case *reverseproxy.Handler:
		f.inFront[methodForward] = f.inFront[methodForward] || len(h.HandleResponse) > 0
		for _, upstream := range h.Upstreams {
			f.upstreams = append(f.upstreams, upstream.Dial)
			if guarded {
				f.guarded = append(f.guarded, upstream.Dial)
			} else {
				f.open = append(f.open, upstream.Dial)
			}
		}
	case *caddyhttp.StaticResponse:
		if toHTTPS(h) {
			f.redirects = append(f.redirects, orAny(hosts)...)
			return
		}
	case caddyhttp.StaticResponse: // as Caddy makes its own redirects
		if toHTTPS(&h) {
			f.redirects = append(f.redirects, orAny(hosts)...)
			return
		}
	}
	if module, ok := handler.(caddy.Module); ok && module.CaddyModule().ID == "http.handlers.metrics" {
		f.metrics = true
	}
	f.answers = append(f.answers, hosts...)
}

// orAny stands for every host where none is named.
func orAny(hosts []string) []string {
	if len(hosts) == 0 {
		return []string{""}
	}
	return hosts
}

func toHTTPS(response *caddyhttp.StaticResponse) bool {
	return strings.HasPrefix(response.Headers.Get("Location"), "https://")
}

func hostsOf(route *caddyhttp.Route) []string {
	var hosts []string
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case *caddyhttp.MatchHost:
				hosts = append(hosts, *m...)
			case caddyhttp.MatchHost: // as Caddy makes its own
				hosts = append(hosts, m...)
			}
		}
	}
	return hosts
}
