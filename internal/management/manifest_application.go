package management

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
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
