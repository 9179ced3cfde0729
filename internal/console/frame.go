package console

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// frame is what stands around every page, and the page's own data.
type frame struct {
	Title  string
	Crumbs []crumb
	Nav    []group
	Who    string
	Roles  []string
	Notice *notice
	// Nodes are the gateways that a notice of a kill switch is about.
	Nodes   []state.NodeState
	Drafts  []management.ChangeSet
	Styles  string
	Script  string
	Data    any
	Reading bool
}

// crumb is a page above this one.
type crumb struct{ Text, Path string }

// group is a part of the navigation.
type group struct {
	Name    string
	Entries []entry
}

type entry struct {
	Text, Path, Icon string
	op               access.Operation
	Current          bool
}

var navigation = []group{
	{"", []entry{{Text: "Overview", Path: "/", Icon: "overview", op: access.ShowCensus}}},
	{"Registered", []entry{
		{Text: "Programmers", Path: "/programmers", Icon: "programmer", op: access.ShowProgrammer},
		{Text: "Channels", Path: "/channels", Icon: "channel", op: access.ShowChannel},
		{Text: "Applications", Path: "/applications", Icon: "application", op: access.ShowApplication},
		{Text: "Statements", Path: "/statements", Icon: "statement", op: access.ShowStatement},
		{Text: "Clients", Path: "/clients", Icon: "client", op: access.ShowClient},
		{Text: "Proxy MVPDs", Path: "/proxy-mvpds", Icon: "proxy", op: access.ShowProxyMVPD},
		{Text: "Catalogue", Path: "/catalogue", Icon: "catalogue", op: access.ShowCatalogue},
	}},
	{"Changes", []entry{
		{Text: "Change sets", Path: "/changes", Icon: "changes", op: access.ShowChangeSet},
		{Text: "Audit", Path: "/audit", Icon: "audit", op: access.ShowAudit},
	}},
	{"Protection", []entry{
		{Text: "Why was I refused?", Path: "/refusals", Icon: "refusal", op: access.ShowRefusal},
		{Text: "Kill switches", Path: "/kills", Icon: "kill", op: access.ShowKill},
		{Text: "Keys", Path: "/keys", Icon: "key", op: access.ShowKey},
		{Text: "Routes", Path: "/routes", Icon: "route", op: access.ShowRoutes},
	}},
}

func (v *visit) frame(title string, data any, crumbs []crumb) frame {
	f := frame{
		Title: title, Crumbs: crumbs, Who: v.who.Name, Data: data, Notice: notices[done(v.query("done"))],
		Styles: stylesPath, Script: scriptPath, Nodes: v.nodesOf(v.query("act")),
	}
	for _, g := range navigation {
		entries := slices.Clone(g.Entries)
		entries = slices.DeleteFunc(entries, func(e entry) bool { return !v.ever(e.op) })
		for i := range entries {
			entries[i].Current = entries[i].Path == v.section
		}
		if len(entries) > 0 {
			f.Nav = append(f.Nav, group{g.Name, entries})
		}
	}
	f.Reading = !v.ever(access.EditChangeSet)
	for _, g := range v.who.Grants {
		f.Roles = append(f.Roles, roleText(g))
	}
	if v.section != "/changes" {
		f.Drafts = v.ownDrafts()
	}
	return f
}

// ownDrafts are the visitor's drafts that hold something, the newest first.
// Should they not be known now, the page is shown without them.
func (v *visit) ownDrafts() []management.ChangeSet {
	if v.Management == nil || !v.ever(access.EditChangeSet) {
		return nil
	}
	list, err := v.Management.ChangeSets(v.who, management.SetFilter{Owner: v.who.Name, Status: management.Draft}, management.Part{Limit: 20})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(list.ChangeSets, func(c management.ChangeSet) bool { return c.Count == 0 })
}

func roleText(g access.Grant) string {
	text := sentence(strings.ReplaceAll(string(g.Role), "_", " "))
	if g.Channel != "" {
		return text + " of " + g.Channel
	}
	if g.Programmer != "" {
		return text + " of " + g.Programmer
	}
	return text
}

// newKey marks a form, so that sending it twice does it once.
func newKey() string { return rand.Text() }
