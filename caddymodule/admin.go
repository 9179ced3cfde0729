package caddymodule

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func init() {
	caddy.RegisterModule(AdminAPI{})
}

// adminPrefix begins the paths of the management API.
const adminPrefix = "/dcr/"

// adminTimeout bounds one request to the management API. It leaves room for
// the wait for other gateways.
const adminTimeout = 10 * time.Second

// AdminAPI is the management API under `/dcr/` of Caddy's admin endpoint, which
// `caddy dcr` talks to:
//
//	POST   /dcr/applications                  register an application
//	GET    /dcr/applications                  list them (?programmer= &channel= &cursor= &limit=)
//	GET    /dcr/applications/{id}             show one
//	POST   /dcr/applications/{id}/statements  issue a software statement
//	GET    /dcr/applications/{id}/statements  list its statements
//	POST   /dcr/statements/inspect            judge a statement
//	GET    /dcr/clients                       list clients (?application= &cursor= &limit=)
//	GET    /dcr/clients/{id}                  show one
//	GET    /dcr/census                        show the last count of all clients (?limit=)
//	POST   /dcr/kills                         revoke something
//	GET    /dcr/kills                         list what was (?kind= &cursor= &limit=)
//	DELETE /dcr/kills/{kind}/{id}             put the kill of a platform or channel back (?by=)
//	GET    /dcr/keys                          list the gateway's own keys
//	POST   /dcr/keys                          rotate one
//	GET    /dcr/nodes                         list the gateways
//	GET    /dcr/doctor                        examine how the gateway is set up (?ignore=)
//	GET    /dcr/routes                        list the guarded routes
//	GET    /dcr/refusals/{trace}              say why a request was refused
//	POST   /dcr/check/request                 say what the guards would do with a request
//	POST   /dcr/check/token                   say what an access token is worth
//	POST   /dcr/check/statement               say whether a statement would register a client
//	POST   /dcr/manifest/plan                 say what applying a manifest would change
//	POST   /dcr/manifest/apply                make what a manifest says true
//	POST   /dcr/manifest/release              take a manifest's mark off what it manages
//	GET    /dcr/store/move                    say how far the move to another store is
//	POST   /dcr/store/move                    begin it
//	DELETE /dcr/store/move                    stop it (?by=)
//	POST   /dcr/export                        begin an export
//	GET    /dcr/export/{class}                give records of a class (?export= &cursor= &limit=)
//	POST   /dcr/import                        begin an import, or ask whether it could
//	POST   /dcr/import/records                put records back, or ask whether they can be
//	GET    /dcr/audit                         list what was done (?actor= &operation= &target= … &cursor= &limit=)
//	GET    /dcr/audit/verification            walk the chain of the audit (?anchor= &cursor=)
//
// It is as protected as Caddy's admin endpoint is, which listens on localhost
// unless the configuration says otherwise.
type AdminAPI struct{}

// CaddyModule names the module.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.dcr", New: func() caddy.Module { return new(AdminAPI) }}
}

// Routes implements caddy.AdminRouter.
func (AdminAPI) Routes() []caddy.AdminRoute {
	mux := newAdminMux(activeManagement)
	return []caddy.AdminRoute{{
		Pattern: adminPrefix,
		Handler: caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			mux.ServeHTTP(w, r)
			return nil
		}),
	}}
}

// activeManagement asks for the app of the running configuration anew for
// every request: after a reload that failed, this module belongs to the
// configuration that failed, while the sites go on with the one before.
func activeManagement() (*management.Service, error) {
	value, err := caddy.ActiveContext().AppIfConfigured("dcr")
	if err != nil {
		return nil, &management.Error{
			Code: management.NotFound, Message: "the running configuration has no dcr app",
			Hint: "give it a dcr block in the global options", Cause: err,
		}
	}
	return value.(*App).management(), nil
}

// adminAnswer is what a route answers when nothing went wrong.
type adminAnswer struct {
	status int
	body   any
}

// adminRoute is one operation of the management API.
type adminRoute struct {
	method, path string
	serve        func(*management.Service, *http.Request) (adminAnswer, error)
}

// newAdminMux answers whatever happens with JSON, so that programs need to
// read nothing else.
func newAdminMux(resolve func() (*management.Service, error)) http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, route := range adminRoutes {
		methods[route.path] = append(methods[route.path], route.method)
		mux.HandleFunc(route.method+" "+route.path, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), adminTimeout)
			defer cancel()
			service, err := resolve()
			if err != nil {
				writeFault(w, r, err)
				return
			}
			answer, err := route.serve(service, r.WithContext(ctx))
			if err != nil {
				writeFault(w, r, err)
				return
			}
			writeJSON(w, answer.status, answer.body)
		})
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			writeJSON(w, http.StatusMethodNotAllowed, adminProblem{
				Error: "the method " + r.Method + " is not offered here", Hint: "use " + strings.Join(allowed, " or "),
			})
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, adminProblem{
			Error: "there is nothing at this path", Hint: "begin with GET /dcr/applications",
		})
	})
	return mux
}

var _ caddy.AdminRouter = (*AdminAPI)(nil)
