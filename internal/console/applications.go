package console

import (
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// applicationsPage lists applications.
type applicationsPage struct {
	Applications []management.Application
	Filter       *form
	Filtered     bool
	First, Next  string
	CanCreate    bool
}

func listApplications(v *visit) error {
	filter := management.Filter{
		Programmer: v.query("programmer"), Channel: v.query("channel"), Level: v.query("level"), Living: v.query("living") != "",
	}
	list, err := v.Management.Applications(v.who, filter, v.part())
	if err != nil {
		return err
	}
	data := applicationsPage{
		Applications: list.Applications, Filter: newForm(v.r.URL.Query()), CanCreate: v.ever(access.CreateApplication),
		Filtered: filter != management.Filter{},
	}
	data.First, data.Next = v.pages(list.Cursor)
	return v.show("applications", "Applications", data)
}

// pages are the addresses of the first page of a list and of the next one;
// empty is that this is it.
func (v *visit) pages(cursor string) (first, next string) {
	at := func(cursor string) string {
		q := v.r.URL.Query()
		q.Del("cursor")
		q.Del("done")
		q.Del("act")
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		if len(q) == 0 {
			return v.r.URL.Path
		}
		return v.r.URL.Path + "?" + q.Encode()
	}
	if v.query("cursor") != "" {
		first = at("")
	}
	if cursor != "" {
		next = at(cursor)
	}
	return first, next
}

// applicationPage shows one application.
type applicationPage struct {
	management.Application
	Statements []management.Statement
	More       bool
	Commands   []command
	Key        string
	// CanIssue and the others say what to offer.
	CanIssue, CanRevoke, CanCreate, SeesProgrammer bool
	Lineage                                        []lineage
}

// lineage is an application that this one came from, or that came from it.
type lineage struct {
	Word string
	ID   uuid.UUID
	Name string
}

// statementsShown is how many of the newest statements an application's page has.
const statementsShown = 20

func showApplication(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	app, err := v.Management.Application(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	data, err := v.aboutApplication(app)
	if err != nil {
		return err
	}
	return v.show("application", app.Name+" "+app.Version, data, crumb{"Applications", "/applications"})
}

func (v *visit) aboutApplication(app management.Application) (applicationPage, error) {
	of := resourceOf(app)
	data := applicationPage{
		Application: app, Key: newKey(), CanIssue: v.allowed(access.IssueStatement, of) && !app.Revoked,
		CanRevoke: v.allowed(access.RevokeApplication, of) && !app.Revoked, CanCreate: v.allowed(access.CreateApplication, of) && app.ManagedBy == "",
		SeesProgrammer: v.allowed(access.ShowProgrammer, access.Resource{Programmer: app.Programmer}), Commands: v.commands(app, ""),
	}
	list, err := v.Management.StatementsOf(v.ctx(), v.who, app.ID, management.StatementFilter{}, management.Part{Limit: statementsShown})
	if err != nil {
		return data, err
	}
	data.Statements, data.More = list.Statements, list.Cursor != ""
	if app.Predecessor != uuid.Nil {
		data.Lineage = append(data.Lineage, v.kin("New version of", app.Predecessor))
	}
	for _, next := range app.Successors {
		data.Lineage = append(data.Lineage, v.kin("Followed by", next))
	}
	return data, nil
}

// kin names a version of an application, which need not be the visitor's to see.
func (v *visit) kin(word string, id uuid.UUID) lineage {
	l := lineage{Word: word, ID: id}
	if app, err := v.Management.Application(v.ctx(), v.who, id); err == nil {
		l.Name = app.Name + " " + app.Version
	}
	return l
}

// resourceOf says whose an application is, as the management does.
func resourceOf(a management.Application) access.Resource {
	of := access.Resource{Programmer: a.Programmer}
	if a.Level == levelChannel && len(a.Channels) == 1 {
		of.Channel = a.Channels[0]
	}
	return of
}

const (
	levelChannel    = "channel"
	levelProgrammer = "programmer"
)

// clientsPage lists clients, of one application or of all.
type clientsPage struct {
	Application *management.Application
	Clients     []management.Client
	First, Next string
}

func listClientsOf(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	app, err := v.Management.Application(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	list, err := v.Management.Clients(v.ctx(), v.who, id, v.part())
	if err != nil {
		return err
	}
	data := clientsPage{Application: &app, Clients: list.Clients}
	data.First, data.Next = v.pages(list.Cursor)
	return v.show("clientsof", "Clients of "+app.Name+" "+app.Version, data,
		crumb{"Applications", "/applications"}, crumb{app.Name + " " + app.Version, "/applications/" + id.String()})
}

// fileName is a name that every system takes.
func fileName(parts ...string) string {
	safe := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}
	return strings.Trim(strings.Map(safe, strings.Join(parts, "-")), "-.")
}

// address is a path with a query.
func address(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
