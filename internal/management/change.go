package management

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// Change is one thing that somebody wants changed, as a change set holds it.
type Change struct {
	// Operation is what to do, such as channel.update.
	Operation access.Operation `json:"operation"`
	// Kind is needed where the operation does not say it: scope or platform
	// for the catalogue, platform or channel for lifting a kill.
	Kind string `json:"kind,omitempty"`
	// ID names what to change or to create. Applications get one.
	ID string `json:"id,omitempty"`
	// IfVersion is the version that the thing had when the change was
	// gathered; it is filled in.
	IfVersion string `json:"if_version,omitempty"`
	// One of these says what it becomes, unless it is deleted or revoked.
	Programmer  *ProgrammerSpec `json:"programmer,omitempty"`
	Channel     *ChannelSpec    `json:"channel,omitempty"`
	ProxyMVPD   *ProxyMVPDSpec  `json:"proxy_mvpd,omitempty"`
	Scope       *ScopeSpec      `json:"scope,omitempty"`
	Platform    *PlatformSpec   `json:"platform,omitempty"`
	Application *Spec           `json:"application,omitempty"`
	// Reason and AllowUnknown are those of a kill.
	Reason       string `json:"reason,omitempty"`
	AllowUnknown bool   `json:"allow_unknown,omitempty"`
}

// Kinds of what is in the catalogue.
const (
	kindScope    = "scope"
	kindPlatform = "platform"
)

// planChange plans one change, and answers the target.
func (p *plan) planChange(ctx context.Context, c Change) error {
	if _, known := changeset.Undoes(c.Operation); !known {
		return invalid("operation", fmt.Sprintf("got %q, which no change set can hold", c.Operation), "such as channel.update")
	}
	if err := p.knows(c.Operation); err != nil {
		return err
	}
	call := Call{Actor: p.who}
	switch c.Operation {
	case access.CreateApplication:
		spec := given(c.Application)
		spec.ID = c.ID
		_, err := p.createApplication(ctx, call, spec)
		return err
	case access.AdoptApplication, access.ReleaseApplication:
		return p.mark(ctx, c.Operation, c.ID)
	case access.CreateProgrammer, access.UpdateProgrammer, access.DeleteProgrammer:
		return change(ctx, p, &programmers, c, given(c.Programmer))
	case access.CreateChannel, access.UpdateChannel, access.DeleteChannel:
		return change(ctx, p, &channels, c, given(c.Channel))
	case access.CreateProxyMVPD, access.UpdateProxyMVPD, access.DeleteProxyMVPD:
		return change(ctx, p, &proxyMVPDs, c, given(c.ProxyMVPD))
	case access.ExtendCatalogue, access.UpdateCatalogue, access.ReduceCatalogue:
		switch c.Kind {
		case kindScope:
			return change(ctx, p, &scopes, c, given(c.Scope))
		case kindPlatform:
			return change(ctx, p, &platforms, c, given(c.Platform))
		default:
			return invalid("kind", fmt.Sprintf("got %q, want scope or platform", c.Kind), "")
		}
	case access.LiftKill:
		target, err := parseLift(c.Kind, c.ID, p.catalogue())
		if err != nil {
			return err
		}
		_, err = p.lift(ctx, target)
		return err
	default:
		return p.planKill(ctx, c)
	}
}

// knows refuses an operation that the plan's actor may never do, as begin does.
func (p *plan) knows(op access.Operation) error {
	if p.review {
		return nil
	}
	return begin(p.who, op)
}

// given is what was said; nothing is what is said by leaving everything out.
func given[T any](spec *T) T {
	if spec == nil {
		var nothing T
		return nothing
	}
	return *spec
}

func change[T, S, V any](ctx context.Context, p *plan, k *kind[T, S, V], c Change, spec S) error {
	var err error
	switch c.Operation {
	case k.create:
		_, err = k.planCreate(ctx, p, Call{Actor: p.who}, c.ID, spec)
	case k.update:
		_, err = k.planUpdate(p, c.ID, c.IfVersion, spec)
	default:
		err = k.planDelete(p, c.ID, c.IfVersion)
	}
	return err
}

// planKill plans a kill of the kind that the operation names.
func (p *plan) planKill(ctx context.Context, c Change) error {
	kind := killedBy(c.Operation)
	target, err := ParseTarget(string(kind), c.ID, p.catalogue())
	if err != nil {
		return err
	}
	_, already, err := p.throw(ctx, target, KillOrder{Reason: c.Reason, AllowUnknown: c.AllowUnknown})
	if err == nil && already {
		return &Error{
			Code: Revoked, Field: "id", Message: fmt.Sprintf("%s %s was revoked already", target.Kind, target.ID), Hint: "take it out of the set",
		}
	}
	return err
}

func killedBy(op access.Operation) revocation.Kind {
	for kind, own := range killing {
		if own == op {
			return kind
		}
	}
	return ""
}

// version is the one that the change's thing has now; empty where there is
// none, or none that ever changes.
func (p *plan) version(c Change) string {
	switch c.Operation {
	case access.UpdateProgrammer, access.DeleteProgrammer:
		return versionNow(p, &programmers, c.ID)
	case access.UpdateChannel, access.DeleteChannel:
		return versionNow(p, &channels, c.ID)
	case access.UpdateProxyMVPD, access.DeleteProxyMVPD:
		return versionNow(p, &proxyMVPDs, c.ID)
	case access.UpdateCatalogue, access.ReduceCatalogue:
		if c.Kind == kindScope {
			return versionNow(p, &scopes, c.ID)
		}
		return versionNow(p, &platforms, c.ID)
	default:
		return ""
	}
}

func versionNow[T, S, V any](p *plan, k *kind[T, S, V], id string) string {
	held, found := k.find(p, id)
	if _, planned := k.staged(p)[k.key(id)]; !found || planned {
		// A change that follows another one of the same set depends on that
		// one, and on nothing that others could have done meanwhile.
		return ""
	}
	return held.Version()
}

// inverse makes the change that takes back what a note says was done. It says
// false where nothing can.
func inverse(n pushed) (Change, bool) {
	undo, _ := changeset.Undoes(n.Change.Operation)
	if undo.Operation == "" {
		return Change{}, false
	}
	c := Change{Operation: undo.Operation, Kind: n.Change.Kind, ID: n.Target.ID, IfVersion: n.Version, Reason: "rolled back"}
	switch undo.Operation {
	case access.UpdateProgrammer, access.CreateProgrammer:
		c.Programmer = specOf[ProgrammerSpec](n.Before)
	case access.UpdateChannel, access.CreateChannel:
		c.Channel = specOf[ChannelSpec](n.Before)
	case access.UpdateProxyMVPD, access.CreateProxyMVPD:
		c.ProxyMVPD = specOf[ProxyMVPDSpec](n.Before)
	case access.UpdateCatalogue, access.ExtendCatalogue:
		c.Scope, c.Platform = specOf[ScopeSpec](n.Before), specOf[PlatformSpec](n.Before)
	case access.LiftKill:
		c.Kind, c.Reason = n.Target.Kind, ""
	}
	return c, true
}

// specOf reads of a view what a person says of the thing: the two have the
// same names.
func specOf[S any](view json.RawMessage) *S {
	var spec S
	if json.Unmarshal(view, &spec) != nil {
		return nil
	}
	return &spec
}

// pushed is one change of a set as it was made.
type pushed struct {
	Change Change          `json:"change"`
	Target audit.Target    `json:"target"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	// Version is what the thing was after it.
	Version string `json:"version,omitempty"`
}

// results are what the plan's notes say, change by change.
func results(changes []Change, notes []audit.Note) []pushed {
	all := make([]pushed, 0, len(changes))
	for i, c := range changes {
		n := notes[i] // every change that was planned has left one
		r := pushed{Change: c, Target: n.Target}
		if n.Before != nil {
			r.Before = jsonOf(n.Before)
		}
		if n.After != nil {
			r.After = jsonOf(n.After)
			var versioned struct {
				Version string `json:"version"`
			}
			_ = json.Unmarshal(r.After, &versioned) // an application's own version is a number of its kind
			r.Version = versioned.Version
		}
		all = append(all, r)
	}
	return all
}

// lastVersions leaves a version with the last change of each thing alone: what
// was changed twice in one set had the first version never.
func lastVersions(all []pushed) {
	seen := map[string]bool{}
	for i, r := range slices.Backward(all) {
		if key := r.Target.String(); seen[key] {
			all[i].Version = ""
		} else {
			seen[key] = true
		}
	}
}
