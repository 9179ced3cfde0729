package caddymodule

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/managementapi"
)

func init() {
	caddy.RegisterModule(Console{})
}

// Console is where people and programs look after programmers, channels,
// applications and all that descends from them: the management API under
// `/api/`, and the web console at every other path. It takes a whole site, at
// its root.
//
// It authenticates nobody: put an authentication of Caddy's in front, and say
// who may do what. Who has no role is not let in.
type Console struct {
	// Identity is the placeholder that says who somebody is: of Caddy's
	// authentication (`{http.auth.user.id}`, the default), of a client
	// certificate (`{http.request.tls.client.subject}` or another of its
	// placeholders; it has to be verified), or of what forward_auth was
	// answered (`{http.reverse_proxy.header.Remote-User}`). Nothing that a
	// client writes itself is taken.
	Identity string `json:"identity,omitempty"`

	// Groups is the placeholder that lists the groups that somebody is in,
	// separated by commas, such as `{http.reverse_proxy.header.Remote-Groups}`.
	Groups string `json:"groups,omitempty"`

	// TrustedProxy is a proxy in front that has authenticated already, and says
	// so in headers. Not together with identity and groups.
	TrustedProxy *TrustedProxy `json:"trusted_proxy,omitempty"`

	// Roles says who may do what.
	Roles []ConsoleRole `json:"roles,omitempty"`

	identity identifier
	users    map[string][]access.Grant
	groups   map[string][]access.Grant
	sameSite *http.CrossOriginProtection
	api      *managementapi.API
	pages    *console.Console
}

// CaddyModule names the module.
func (Console) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.dcr_console", New: func() caddy.Module { return new(Console) }}
}

// Provision finds the app, and checks who may do what.
func (c *Console) Provision(ctx caddy.Context) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	if c.identity, err = c.identifier(); err != nil {
		return err
	}
	if err := c.grant(); err != nil {
		return err
	}
	c.sameSite = http.NewCrossOriginProtection()
	c.api = managementapi.New(managementapi.Options{Management: app.management(), Logger: ctx.Slogger()})
	c.pages = console.New(console.Options{Management: app.management(), Logger: ctx.Slogger(), Figures: historyOf.figures})
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler. It is the last handler of
// its site.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	guardBrowsers(w.Header())
	defer limitReading(w)()
	surface := access.Console
	if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, managementapi.Prefix) {
		surface = access.API
	}
	if c.pages.Asset(w, r) {
		return nil // also the page that lets nobody in wants to be read
	}
	who, problem := c.admit(r)
	if problem != nil {
		c.refuse(w, surface, *problem)
		return nil
	}
	who.Surface = surface
	if surface == access.API {
		c.api.ServeHTTP(w, r, who)
	} else {
		c.pages.ServeHTTP(w, r, who)
	}
	return nil
}

// admit says who asks, or why they are not let in.
func (c *Console) admit(r *http.Request) (access.Actor, *managementapi.Problem) {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL.Path != r.URL.Path {
		return access.Actor{}, &managementapi.Problem{
			Kind: managementapi.Misplaced, Detail: "a part of the path was taken off before the console saw it",
			Hint: "give dcr_console a site of its own, such as console.example.com, and no handle_path or rewrite around it",
		}
	}
	// Browsers send a password, a certificate or a session along whoever asks
	// them to: what changes something must come from our own pages.
	if err := c.sameSite.Check(r); err != nil {
		return access.Actor{}, &managementapi.Problem{
			Kind: managementapi.CrossOrigin, Detail: "a page of another site had this sent",
			Hint: "begin at the console itself; a proxy in front has to leave the header Host as it is",
		}
	}
	name, method, groups := c.identity.who(r)
	if name == "" {
		return access.Actor{}, &managementapi.Problem{
			Kind: managementapi.Unauthenticated, Detail: "the gateway was told of nobody who is signed in",
			Hint: "the operator puts an authentication in front of dcr_console, such as basic_auth, forward_auth or client certificates",
		}
	}
	who := access.Actor{Name: name, Method: method, Grants: c.grantsOf(name, groups)}
	if address := clientAddress(r); address.IsValid() {
		who.Address = address.String()
	}
	if len(who.Grants) == 0 {
		return access.Actor{}, &managementapi.Problem{
			Kind: managementapi.NoRole, Detail: fmt.Sprintf("you are %q, and no role was given to you", name),
			Hint: "the operator gives roles in the configuration of dcr_console",
		}
	}
	return who, nil
}

func (c *Console) refuse(w http.ResponseWriter, surface access.Surface, p managementapi.Problem) {
	if surface == access.API {
		p.Write(w)
		return
	}
	c.pages.Refuse(w, console.Refusal{Status: p.Kind.Status(), Title: p.Kind.Title(), Text: p.Detail + ": " + p.Hint + "."})
}

// guardBrowsers tells browsers what every answer has in common. The referrer
// stays within the site: without any, forms would come with the origin "null".
func guardBrowsers(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

var (
	_ caddy.Provisioner           = (*Console)(nil)
	_ caddyhttp.MiddlewareHandler = (*Console)(nil)
)
