package management

import (
	"context"
	"fmt"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
)

// managed names the records that the plan's manifest manages, sorted.
func managed[T, S, V any](p *plan, k *kind[T, S, V]) []string {
	var names []string
	for name, held := range k.stored(p.s.Replica) {
		if k.story(&held.Record).ManagedBy == p.manifest {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// released are the changes that take the mark of a manifest off everything.
func (p *plan) released() []Change {
	var all []Change
	add := func(c Change) {
		c.IfVersion = p.version(c)
		all = append(all, c)
	}
	for _, id := range managed(p, &programmers) {
		view := p.s.Replica.Programmers()[id].Record
		add(Change{Operation: programmers.update, ID: view.ID, Programmer: &ProgrammerSpec{Name: view.Name, CustomSchemes: view.CustomSchemes}})
	}
	for _, id := range managed(p, &channels) {
		ch := p.s.Replica.Channels()[id].Record
		add(Change{Operation: channels.update, ID: ch.ID, Channel: &ChannelSpec{
			Name: ch.Name, Domains: ch.Domains, DefaultRedirectURL: ch.DefaultRedirectURL, CustomSchemes: ch.CustomSchemes,
		}})
	}
	for _, id := range managed(p, &proxyMVPDs) {
		m := p.s.Replica.ProxyMVPDs()[id].Record
		add(Change{Operation: proxyMVPDs.update, ID: m.ID, ProxyMVPD: &ProxyMVPDSpec{Name: m.Name}})
	}
	for _, id := range managed(p, &scopes) {
		sc := p.s.Replica.Scopes()[id].Record
		add(Change{Operation: scopes.update, Kind: kindScope, ID: sc.Name, Scope: &ScopeSpec{Description: sc.Description, Restricted: sc.Restricted}})
	}
	for _, id := range managed(p, &platforms) {
		f := p.s.Replica.Platforms()[id].Record
		add(Change{Operation: platforms.update, Kind: kindPlatform, ID: f.Name, Platform: &PlatformSpec{Description: f.Description, Aliases: f.Aliases}})
	}
	for _, a := range p.managedApplications() {
		add(Change{Operation: access.ReleaseApplication, ID: a.ID.String()})
	}
	return all
}

// mark plans that an application becomes a manifest's, or nobody's.
func (p *plan) mark(ctx context.Context, op access.Operation, id string) error {
	parsed, err := ParseID("id", id)
	if err != nil {
		return err
	}
	a, err := p.s.application(parsed)
	if err != nil {
		return err
	}
	on := audit.Target{Kind: "application", ID: id}
	role, err := p.allow(op, on, resourceOf(a), noApplication(parsed))
	if err != nil {
		return err
	}
	if err := p.adoptable(a); err != nil {
		return err
	}
	origin := p.origins[parsed]
	if op == access.AdoptApplication && origin.Manifest == "" {
		return invalid("operation", "only a manifest adopts applications", "write it into one, with its id, and apply that")
	}
	if op == access.ReleaseApplication {
		origin = application.Origin{}
	}
	marked, w, err := p.s.Records.MarkApplication(ctx, a, origin)
	if err != nil {
		return unavailable("marking the application", err)
	}
	p.add(w)
	p.applications[parsed] = marked
	p.note(op, role, on, resourceOf(a), applicationView(a), applicationView(marked))
	return nil
}

// adoptable refuses what belongs to somebody else.
func (p *plan) adoptable(a *application.Application) error {
	switch {
	case a.Declared:
		return declaredElsewhere("application", a.ID.String())
	case a.ManagedBy != "" && a.ManagedBy != p.manifest:
		return managedElsewhere("application", a.ID.String(), a.ManagedBy)
	default:
		return nil
	}
}

func declaredElsewhere(word, id string) *Error {
	return &Error{Code: Invalid, Field: word, Message: fmt.Sprintf("%s %s is declared in the configuration", word, id), Hint: "change it there"}
}

func managedElsewhere(word, id, by string) *Error {
	return &Error{
		Code: Invalid, Field: word, Message: fmt.Sprintf("%s %s is managed by the manifest %s", word, id, by),
		Hint: "change it there and apply it, or release it from there: caddy dcr apply --release",
	}
}
