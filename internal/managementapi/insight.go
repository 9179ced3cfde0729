package managementapi

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var ofInsight = []operation{
	{
		method: http.MethodGet, path: "/me", id: "showMe", summary: "Show who the caller is, and in which roles.", gives: Me{}, status: http.StatusOK, serve: showMe,
	},
	{
		method: http.MethodGet, path: "/audit", id: "listAudit", summary: "List what was done, the newest first.",
		query: with(parameter{name: "actor", means: "Only what somebody of this name did."}, programmer, channel,
			parameter{name: "operation", means: "Only this operation, such as channel.update, or, with channel, all of that kind."},
			parameter{name: "target", means: "Only what was done to this: a kind, an id, or kind/id."},
			since, until, parameter{name: "change_set", means: "Only what this change set did.", kind: id}),
		gives: audit.Page{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			page, err := c.service.AuditEntries(c.ctx(), c.who, management.AuditFilter{
				Actor: c.query.Get("actor"), Programmer: c.query.Get("programmer"), Channel: c.query.Get("channel"),
				Operation: c.query.Get("operation"), Target: c.query.Get("target"), ChangeSet: c.query.Get("change_set"),
				Since: c.moment("since"), Until: c.moment("until"),
			}, c.part())
			return answer{body: page}, err
		},
	},
	{
		method: http.MethodGet, path: "/audit/verification", id: "verifyAudit", summary: "Walk the chain of the audit, and say where it breaks.",
		query: []parameter{{name: "anchor", means: "An entry that was noted elsewhere, as number:hash."}, cursor},
		gives: audit.Verification{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			v, err := c.service.VerifyAudit(c.ctx(), c.who, c.query.Get("cursor"), c.query["anchor"])
			return answer{body: v}, err
		},
	},
	{
		method: http.MethodGet, path: "/census", id: "showCensus", summary: "Show the last count of all clients.", query: []parameter{limit},
		gives: management.Census{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			census, err := c.service.LastCensus(c.who, c.number("limit", usualPage))
			return answer{body: census}, err
		},
	},
	{
		method: http.MethodGet, path: "/routes", id: "listRoutes", summary: "List the guarded routes of the configuration.",
		gives: management.Routes{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			routes, err := c.service.GuardedRoutes(c.who)
			return answer{body: routes}, err
		},
	},
	{
		method: http.MethodGet, path: "/refusals/{trace}", id: "explainRefusal", summary: "Say why the request with this trace was refused.",
		gives: management.Explanation{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			trace, err := c.id("trace")
			if err != nil {
				return answer{}, err
			}
			explanation, err := c.service.Explain(c.ctx(), c.who, trace)
			return answer{body: explanation}, err
		},
	},
	{
		method: http.MethodPost, path: "/trials/request", id: "tryRequest", summary: "Say what the guards would do with a request.",
		takes: management.RequestTrial{}, gives: management.Trial{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			asked, err := read[management.RequestTrial](c)
			if err != nil {
				return answer{}, err
			}
			trial, err := c.service.TryRequest(c.ctx(), c.who, asked)
			return answer{body: trial}, err
		},
	},
	{
		method: http.MethodPost, path: "/trials/token", id: "tryToken", summary: "Say what an access token is worth.",
		takes: TokenTrial{}, gives: management.Trial{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			asked, err := read[TokenTrial](c)
			if err != nil {
				return answer{}, err
			}
			trial, err := c.service.TryToken(c.ctx(), c.who, asked.Token)
			return answer{body: trial}, err
		},
	},
	{
		method: http.MethodPost, path: "/trials/statement", id: "tryStatement", summary: "Say whether a software statement would register a client.",
		takes: management.StatementTrial{}, gives: management.Trial{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			asked, err := read[management.StatementTrial](c)
			if err != nil {
				return answer{}, err
			}
			trial, err := c.service.TryStatement(c.ctx(), c.who, asked)
			return answer{body: trial}, err
		},
	},
}

// TokenTrial asks what an access token is worth.
type TokenTrial struct {
	// Token is its text.
	Token string `json:"token"`
}
