package management

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// declareApplication plans what makes the newest version of an application what
// the manifest says. An application never changes: what the file says anew is a
// new version, and the older ones go on.
func (d *declaration) declareApplication(ctx context.Context, at string, x manifest.Application) error {
	d.mentioned["application/"+x.Key] = true
	p := d.p
	versions := p.versionsOf(x.Key)
	planned := PlannedChange{Kind: "application", Name: x.Key, Field: at}
	if len(versions) == 0 {
		return d.declareFirst(ctx, planned, x)
	}
	newest := versions[len(versions)-1]
	planned.Application = newest.ID
	if x.ID != "" && !slices.ContainsFunc(versions, func(a *application.Application) bool { return strings.EqualFold(a.ID.String(), x.ID) }) {
		return d.faultAt(at, "id", &Error{
			Code: Invalid, Message: fmt.Sprintf("got %q, but the application of the key %s is %s", x.ID, x.Key, newest.ID),
			Hint: "leave it out, or give another key to another application",
		})
	}
	revoked := p.s.stoppedBy(revocation.Subject{ApplicationID: newest.ID}) != ""
	switch {
	case revoked && x.Revoked:
		return nil
	case revoked:
		return d.fault(at, &Error{
			Code: Revoked, Message: fmt.Sprintf("application %s was revoked, and stays so", newest.ID),
			Hint: "say revoked: true, or give another key to make another application",
		})
	case x.Revoked:
		planned.Verb = Revokes
		return d.do(ctx, Change{Operation: access.RevokeApplication, ID: newest.ID.String(), Reason: "revoked in manifest " + p.manifest}, planned)
	case sameSaid(newest.ManagedAs, x):
		return nil
	}
	return d.succeedBy(ctx, planned, newest, x)
}

// declareFirst plans the first application of a key: a new one, or one that
// there is already.
func (d *declaration) declareFirst(ctx context.Context, planned PlannedChange, x manifest.Application) error {
	p := d.p
	if x.Revoked {
		return nil
	}
	if x.ID != "" {
		id, err := ParseID("id", x.ID)
		if err != nil {
			return d.faultAt(planned.Field, "id", err)
		}
		if p.taken(id) {
			return d.adopt(ctx, planned, id, x)
		}
	}
	id, err := newID(x.ID)
	if err != nil {
		return err
	}
	planned.Verb = Creates
	p.origins[id] = application.Origin{Manifest: p.manifest, Key: x.Key, Said: jsonOf(x.Said())}
	spec := specFrom(x)
	return d.do(ctx, Change{Operation: access.CreateApplication, ID: id.String(), Application: &spec}, planned)
}

// adopt plans that an application becomes the manifest's, and a new version of
// it where the manifest says something else.
func (d *declaration) adopt(ctx context.Context, planned PlannedChange, id uuid.UUID, x manifest.Application) error {
	p := d.p
	old, err := p.s.application(id)
	if err != nil {
		return err
	}
	if err := p.adoptable(old); err != nil {
		return d.faultAt(planned.Field, "id", err)
	}
	if p.s.stoppedBy(revocation.Subject{ApplicationID: id}) != "" {
		return d.faultAt(planned.Field, "id", &Error{Code: Revoked, Message: fmt.Sprintf("application %s was revoked, and stays so", id), Hint: "leave the id out to make another"})
	}
	planned.Verb, planned.Application = Adopts, id
	p.origins[id] = application.Origin{Manifest: p.manifest, Key: x.Key, Said: jsonOf(x.Said())}
	if err := d.do(ctx, Change{Operation: access.AdoptApplication, ID: id.String()}, planned); err != nil || saysAsIs(x, old) {
		return err
	}
	return d.succeedBy(ctx, planned, old, x)
}

// succeedBy plans a new version. Custom schemes that the file leaves out are
// those of the version before, since apps in the field return to them.
func (d *declaration) succeedBy(ctx context.Context, planned PlannedChange, old *application.Application, x manifest.Application) error {
	p := d.p
	if x.Programmer != old.Programmer {
		return d.faultAt(planned.Field, "programmer", invalid("", fmt.Sprintf("got %q, but the application is of %s", x.Programmer, old.Programmer),
			"a new version stays with its programmer; give another key to another application"))
	}
	spec := specFrom(x)
	spec.Predecessor = old.ID.String()
	if len(spec.CustomSchemes) == 0 {
		spec.CustomSchemes = old.CustomSchemes
	}
	switch {
	case x.Version == "":
		next, err := following(old.Version)
		if err != nil {
			return d.faultAt(planned.Field, "version", err)
		}
		spec.Version = next
	case x.Version == old.Version:
		return d.faultAt(planned.Field, "version", invalid("", fmt.Sprintf("got %q, which is what the application is called that says something else", x.Version),
			"an application never changes: call the new version differently, or leave its name out to have it counted"))
	}
	id, err := newID("")
	if err != nil {
		return err
	}
	p.origins[id] = application.Origin{Manifest: p.manifest, Key: x.Key, Said: jsonOf(x.Said())}
	planned.Verb, planned.Application = Succeeds, old.ID
	change := Change{Operation: access.CreateApplication, ID: id.String(), Application: &spec}
	before := len(d.changes)
	if err := d.do(ctx, change, planned); err != nil || len(d.changes) == before {
		return err
	}
	made := applicationView(p.applications[id])
	was := applicationView(old)
	made.ID, made.Predecessor, made.RecordVersion = was.ID, was.Predecessor, was.RecordVersion
	d.plan.Changes[len(d.plan.Changes)-1].Difference = changeset.Diff(jsonOf(was), jsonOf(made))
	return nil
}

func specFrom(x manifest.Application) Spec {
	return Spec{
		Name: cmp.Or(x.Name, x.Key), Version: x.Version, Programmer: x.Programmer, Level: x.Level,
		AllChannels: x.AllChannels, Channels: x.Channels, Platforms: x.Platforms, Domains: x.Domains,
		CustomSchemes: x.CustomSchemes, ProxyMVPDs: x.ProxyMVPDs, Scopes: x.Scopes,
	}
}

// sameSaid compares what a manifest said when it made an application with what
// it says now: by what both mean to this gateway, whichever wrote the first.
func sameSaid(before []byte, x manifest.Application) bool {
	var old manifest.Application
	return json.Unmarshal(before, &old) == nil && reflect.DeepEqual(old.Said(), x.Said())
}

// saysAsIs says whether a manifest describes an application as it is. What it
// leaves out it says nothing of.
func saysAsIs(x manifest.Application, a *application.Application) bool {
	said := x.Said()
	is := manifest.Application{
		Name: a.Name, Version: a.Version, Programmer: a.Programmer, Level: string(a.Level), AllChannels: a.AllChannels,
		Channels: a.Channels, Platforms: a.Platforms, Domains: a.Domains, CustomSchemes: a.CustomSchemes,
		ProxyMVPDs: a.ProxyMVPDs, Scopes: a.Scopes.Values(),
	}.Said()
	said.Name, said.Version = cmp.Or(said.Name, x.Key), cmp.Or(said.Version, is.Version)
	if len(said.Domains) == 0 {
		said.Domains = is.Domains
	}
	if len(said.CustomSchemes) == 0 {
		said.CustomSchemes = is.CustomSchemes
	}
	return reflect.DeepEqual(said, is)
}

// versionsOf are the applications of one key of the plan's manifest, the oldest
// first.
func (p *plan) versionsOf(key string) []*application.Application {
	return slices.DeleteFunc(p.managedApplications(), func(a *application.Application) bool { return a.ManagedKey != key })
}

// managedApplications are those of the plan's manifest, by key, each version
// after the one before.
func (p *plan) managedApplications() []*application.Application {
	var all []*application.Application
	p.s.Replica.Applications(func(a *application.Application) bool {
		if a.ManagedBy == p.manifest && p.s.Declared[a.ID] == nil {
			all = append(all, a)
		}
		return true
	})
	depth := func(a *application.Application) int {
		n := 0
		for next := a; n < len(all); n++ {
			i := slices.IndexFunc(all, func(b *application.Application) bool { return b.ID == next.Predecessor && b.ManagedKey == a.ManagedKey })
			if i < 0 {
				break
			}
			next = all[i]
		}
		return n
	}
	slices.SortFunc(all, func(a, b *application.Application) int {
		return cmp.Or(strings.Compare(a.ManagedKey, b.ManagedKey), depth(a)-depth(b), a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return all
}

// pruneApplications plans that applications are revoked of which the manifest
// has managed the key and mentions it no more, and older versions of others.
func (d *declaration) pruneApplications(ctx context.Context) error {
	all := d.p.managedApplications()
	for i, a := range all {
		newest := i+1 == len(all) || all[i+1].ManagedKey != a.ManagedKey
		prune := PruneVersions
		switch {
		case d.p.s.stoppedBy(revocation.Subject{ApplicationID: a.ID}) != "":
			continue
		case !d.mentioned["application/"+a.ManagedKey]:
			prune = PruneApplications
		case newest && !d.succeeded(a.ID):
			continue
		}
		if !slices.Contains(d.options.Prune, prune) {
			if prune == PruneApplications {
				d.plan.Unmentioned = append(d.plan.Unmentioned, Unmentioned{Kind: "application", ID: a.ID.String(), Prune: prune})
			}
			continue
		}
		err := d.do(ctx, Change{Operation: access.RevokeApplication, ID: a.ID.String(), Reason: "no longer in manifest " + d.p.manifest},
			PlannedChange{Verb: Revokes, Kind: "application", Name: a.ManagedKey, Application: a.ID})
		if err != nil {
			return err
		}
	}
	return nil
}

// succeeded says whether the plan makes a new version of the application.
func (d *declaration) succeeded(id uuid.UUID) bool {
	for _, a := range d.p.applications {
		if a.Predecessor == id {
			return true
		}
	}
	return false
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

func declaredElsewhere(word, id string) *Error {
	return &Error{Code: Invalid, Field: word, Message: fmt.Sprintf("%s %s is declared in the configuration", word, id), Hint: "change it there"}
}

func managedElsewhere(word, id, by string) *Error {
	return &Error{
		Code: Invalid, Field: word, Message: fmt.Sprintf("%s %s is managed by the manifest %s", word, id, by),
		Hint: "change it there and apply it, or release it from there: caddy dcr apply --release",
	}
}
