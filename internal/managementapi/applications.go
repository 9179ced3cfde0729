package managementapi

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var ofApplications = []operation{
	{
		method: http.MethodGet, path: "/applications", id: "listApplications", summary: "List the applications, by programmer, name and version.",
		query: with(programmer, parameter{name: "channel", means: "Only those that serve this channel."},
			parameter{name: "proxy_mvpd", means: "Only those that act for this proxy MVPD."},
			parameter{name: "level", means: "Only those of this level.", values: []string{"programmer", "channel"}}, living),
		gives: management.Applications{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			page, err := c.service.Applications(c.who, management.Filter{
				Programmer: c.query.Get("programmer"), Channel: c.query.Get("channel"), ProxyMVPD: c.query.Get("proxy_mvpd"),
				Level: c.query.Get("level"), Living: c.truth("living"),
			}, c.part())
			return answer{body: page}, err
		},
	},
	{
		method: http.MethodPost, path: "/applications", id: "createApplication", summary: "Register an application, which never changes.",
		takes: management.Spec{}, gives: management.Application{}, status: http.StatusCreated, creates: true, serve: createApplication,
	},
	{
		method: http.MethodGet, path: "/applications/{id}", id: "showApplication",
		summary: "Show an application, with its new versions, what the last census counted of its clients, and, if it was revoked, when and why.",
		gives:   management.Application{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			id, err := c.id("id")
			if err != nil {
				return answer{}, err
			}
			app, err := c.service.Application(c.ctx(), c.who, id)
			return answer{body: app}, err
		},
	},
	{
		method: http.MethodPost, path: "/applications/{id}/versions", id: "createVersion",
		summary: "Make a new version of an application: another one, in which what is left out is as in the old one. Both work until the old one is revoked.",
		takes:   management.Spec{}, optional: true, gives: management.Application{}, status: http.StatusCreated, creates: true, serve: createVersion,
	},
	{
		method: http.MethodGet, path: "/applications/{id}/statements", id: "listStatements", summary: "List the software statements of an application, the newest first.",
		query: with(parameter{name: "by", means: "Only those that somebody of this name issued."}, since, until, living),
		gives: management.StatementList{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			id, err := c.id("id")
			if err != nil {
				return answer{}, err
			}
			page, err := c.service.StatementsOf(c.ctx(), c.who, id, management.StatementFilter{
				By: c.query.Get("by"), Since: c.moment("since"), Until: c.moment("until"), Living: c.truth("living"),
			}, c.part())
			return answer{body: page}, err
		},
	},
	{
		method: http.MethodPost, path: "/applications/{id}/statements", id: "issueStatement",
		summary: "Issue a software statement. Its text is in this answer and kept nowhere; with Accept: text/plain it is all of the answer, as a file.",
		gives:   management.IssuedStatement{}, status: http.StatusCreated, creates: true, serve: issueStatement,
	},
	{
		method: http.MethodPost, path: "/statements/inspect", id: "inspectStatement", summary: "Say what a software statement is worth, and why.",
		takes: Inspect{}, gives: management.Inspection{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			asked, err := read[Inspect](c)
			if err != nil {
				return answer{}, err
			}
			inspection, err := c.service.InspectStatement(c.ctx(), c.who, asked.Statement)
			return answer{body: inspection}, err
		},
	},
	{
		method: http.MethodGet, path: "/clients", id: "listClients", summary: "List clients, in no order.",
		query: with(parameter{name: "application", means: "Only those of this application.", kind: id}),
		gives: management.Clients{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			app, _ := uuid.Parse(c.query.Get("application")) // readQuery has read it already
			page, err := c.service.Clients(c.ctx(), c.who, app, c.part())
			return answer{body: page}, err
		},
	},
	{
		method: http.MethodGet, path: "/clients/{id}", id: "showClient", summary: "Show a client, and everything that stops it.",
		gives: management.Client{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			id, err := c.id("id")
			if err != nil {
				return answer{}, err
			}
			client, err := c.service.Client(c.ctx(), c.who, id)
			return answer{body: client}, err
		},
	},
}

// Inspect asks what a software statement is worth.
type Inspect struct {
	// Statement is its text.
	Statement string `json:"software_statement"`
}

func createApplication(c *call) (answer, error) {
	spec, err := read[management.Spec](c)
	if err != nil {
		return answer{}, err
	}
	return registered(c, spec)
}

func createVersion(c *call) (answer, error) {
	id, err := c.id("id")
	if err != nil {
		return answer{}, err
	}
	spec, err := read[management.Spec](c)
	if err != nil {
		return answer{}, err
	}
	if spec.Predecessor != "" {
		return answer{}, fault(Invalid, "predecessor", "got one, but the path says of which application this is a new version", "leave it out")
	}
	spec.Predecessor = id.String()
	return registered(c, spec)
}

func registered(c *call, spec management.Spec) (answer, error) {
	app, err := c.service.CreateApplication(c.ctx(), c.asked(), spec)
	return answer{body: app, made: "/applications/" + app.ID.String()}, err
}

func issueStatement(c *call) (answer, error) {
	id, err := c.id("id")
	if err != nil {
		return answer{}, err
	}
	issued, err := c.service.IssueStatement(c.ctx(), c.asked(), id)
	reply := answer{body: issued}
	if prefersText(c.r) {
		reply.text = &download{"software-statement-" + issued.ID.String() + ".txt", issued.JWT}
	}
	return reply, err
}

// prefersText says whether somebody wants the text alone. Who says nothing
// wants JSON.
func prefersText(r *http.Request) bool {
	for media := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		switch media, _, _ := strings.Cut(media, ";"); strings.ToLower(strings.TrimSpace(media)) {
		case "text/plain":
			return true
		case "application/json", "*/*":
			return false
		}
	}
	return false
}
