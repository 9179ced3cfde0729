package caddymodule

import (
	"encoding/json"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() {
	httpcaddyfile.RegisterDirective("dcr_proxy", parseProxy)
	// Before everything that could answer or proxy: what no profile claims
	// passes the fallback on its way there.
	httpcaddyfile.RegisterDirectiveOrder("dcr_proxy", httpcaddyfile.Before, "handle")
}

// parseProxy expands the shorthand
//
//	dcr_proxy <profile> <upstreams…> {
//		<options of dcr_guard and of the profile>
//		<subdirectives of reverse_proxy>
//	}
//
// into a route for the profile's paths with a dcr_guard and a reverse_proxy,
// and a last route that publishes the API's metadata and answers 404 for what
// nothing else of the site claims.
func parseProxy(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // "dcr_proxy"
	head := h.Token()
	if !h.NextArg() {
		return nil, h.Errf("dcr_proxy takes a profile and upstreams; profiles known here: %s", guests("dcr.profiles"))
	}
	name := h.Token()
	if name.Text != "" && strings.ContainsAny(name.Text[:1], "/@*") {
		return nil, h.Errf("dcr_proxy takes no matcher, got %q: the profile knows its paths", name.Text)
	}
	var upstreams []caddyfile.Token
	for h.NextArg() {
		upstreams = append(upstreams, h.Token())
	}
	g := new(Guard)
	rest, err := g.takeProfile(h.Dispenser, name, cutBlock(h.Dispenser))
	if err != nil {
		return nil, err
	}
	head.Text = "reverse_proxy"
	proxy := new(reverseproxy.Handler)
	if err := proxy.UnmarshalCaddyfile(caddyfile.NewDispenser(rest.after(append([]caddyfile.Token{head}, upstreams...)...))); err != nil {
		return nil, err
	}
	if err := proxy.FinalizeUnmarshalCaddyfile(h); err != nil {
		return nil, err
	}
	if len(proxy.Upstreams) == 0 && proxy.DynamicUpstreamsRaw == nil {
		return nil, h.Errf("dcr_proxy %s: an upstream is wanted, such as 10.0.0.1:8080", name.Text)
	}
	if err := inContext(h, func() error { return g.mistake(h.Option("dcr")) }); err != nil {
		return nil, err
	}
	api := describe(name.Text)
	return []httpcaddyfile.ConfigValue{proxyRoute(api, g, proxy), lastRoute(api.Name)}, nil
}

// describe asks the profile for its paths, which do not depend on options.
func describe(profile string) plugins.API {
	info, err := caddy.GetModule("dcr.profiles." + profile)
	if err != nil {
		return plugins.API{} // takeProfile has said so already
	}
	return info.New().(plugins.Profile).API()
}

func proxyRoute(api plugins.API, g *Guard, proxy *reverseproxy.Handler) httpcaddyfile.ConfigValue {
	paths := make(caddyhttp.MatchPath, len(api.Prefixes))
	for i, prefix := range api.Prefixes {
		paths[i] = prefix + "*"
	}
	return httpcaddyfile.ConfigValue{Class: "route", Value: caddyhttp.Route{
		MatcherSetsRaw: []caddy.ModuleMap{{"path": caddyconfig.JSON(paths, nil)}},
		HandlersRaw: []json.RawMessage{
			caddyconfig.JSONModuleObject(g, "handler", "dcr_guard", nil),
			caddyconfig.JSONModuleObject(proxy, "handler", "reverse_proxy", nil),
		},
	}}
}

// lastRoute is what every dcr_proxy adds behind the routes of all of them: a
// route without a matcher. One fallback would do for each block, but a
// directive cannot tell in which block it stands; only requests that no profile
// claims pass them, and the innermost answers.
func lastRoute(api string) httpcaddyfile.ConfigValue {
	return httpcaddyfile.ConfigValue{Class: "route", Value: caddyhttp.Route{
		HandlersRaw: []json.RawMessage{
			caddyconfig.JSONModuleObject(&Resource{API: api}, "handler", "dcr_resource", nil),
			caddyconfig.JSONModuleObject(new(Fallback), "handler", "dcr_fallback", nil),
		},
	}}
}
