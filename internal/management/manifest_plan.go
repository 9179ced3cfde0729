package management

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
)

func manifestTarget(name string) audit.Target { return audit.Target{Kind: "manifest", ID: name} }

// declaration is what a plan makes of a manifest.
type declaration struct {
	p       *plan
	plan    ManifestPlan
	changes []Change
	faults  []Conflict
	// sees goes into the digest: what was found, and what becomes of it.
	sees []any
	// mentioned are the things that the manifest mentions, by kind and id.
	mentioned map[string]bool
	options   ManifestOptions
}

// declare plans what makes a manifest true. Everything that is wrong with it is
// told at once.
func (p *plan) declare(ctx context.Context, m manifest.Manifest, options ManifestOptions) (declaration, error) {
	p.manifest = m.Name
	d := declaration{
		p: p, mentioned: map[string]bool{}, options: options, sees: []any{m, options.Prune},
		plan: ManifestPlan{Name: m.Name, Changes: []PlannedChange{}, Unmentioned: []Unmentioned{}},
	}
	if err := checkPrune(options.Prune); err != nil {
		return d, err
	}
	for _, fault := range m.Check() {
		_ = d.fault(fault.Field, &Error{Code: Invalid, Message: fault.Message})
	}
	if len(d.faults) == 0 {
		if err := d.declareAll(ctx, m); err != nil {
			return d, err
		}
	}
	if len(d.faults) > 0 {
		return d, d.refused()
	}
	sum := sha256.Sum256(jsonOf(d.sees))
	d.plan.Digest = hex.EncodeToString(sum[:16])
	return d, nil
}

func (d *declaration) declareAll(ctx context.Context, m manifest.Manifest) error {
	for i, x := range m.Programmers {
		at := fmt.Sprintf("programmers[%d]", i)
		err := declareOne(ctx, d, &programmers, at, x.ID, ProgrammerSpec{Name: x.Name, CustomSchemes: x.CustomSchemes},
			func(c *Change, spec *ProgrammerSpec) { c.Programmer = spec })
		if err != nil {
			return err
		}
		for j, ch := range x.Channels {
			err := declareOne(ctx, d, &channels, fmt.Sprintf("%s.channels[%d]", at, j), ch.ID, ChannelSpec{
				Programmer: x.ID, Name: ch.Name, Domains: ch.Domains, DefaultRedirectURL: ch.DefaultRedirectURL, CustomSchemes: ch.CustomSchemes,
			}, func(c *Change, spec *ChannelSpec) { c.Channel = spec })
			if err != nil {
				return err
			}
		}
	}
	for i, x := range m.ProxyMVPDs {
		err := declareOne(ctx, d, &proxyMVPDs, fmt.Sprintf("proxy_mvpds[%d]", i), x.ID, ProxyMVPDSpec{Name: x.Name},
			func(c *Change, spec *ProxyMVPDSpec) { c.ProxyMVPD = spec })
		if err != nil {
			return err
		}
	}
	for i, x := range m.Scopes {
		err := declareOne(ctx, d, &scopes, fmt.Sprintf("scopes[%d]", i), x.Name, ScopeSpec{Description: x.Description, Restricted: x.Restricted},
			func(c *Change, spec *ScopeSpec) { c.Kind, c.Scope = kindScope, spec })
		if err != nil {
			return err
		}
	}
	for i, x := range m.Platforms {
		err := declareOne(ctx, d, &platforms, fmt.Sprintf("platforms[%d]", i), x.Name, PlatformSpec{Description: x.Description, Aliases: x.Aliases},
			func(c *Change, spec *PlatformSpec) { c.Kind, c.Platform = kindPlatform, spec })
		if err != nil {
			return err
		}
	}
	for i, x := range m.Applications {
		if err := d.declareApplication(ctx, fmt.Sprintf("applications[%d]", i), x); err != nil {
			return err
		}
	}
	return d.prune(ctx)
}

// declareOne plans what makes one record what the manifest says, if it is not.
func declareOne[T, S, V any](ctx context.Context, d *declaration, k *kind[T, S, V], at, id string, spec S, with func(*Change, *S)) error {
	p := d.p
	d.mentioned[k.word+"/"+k.name(id)] = true
	change, planned := Change{Operation: k.create, ID: id}, PlannedChange{Verb: Creates, Kind: k.word, Name: id, Field: at}
	with(&change, &spec)
	held, found := k.find(p, id)
	if found {
		if err := k.changeable(p, id, held.Record); err != nil {
			return d.fault(at, err)
		}
		record, err := k.fill(p, held.Record, spec)
		if err != nil {
			return d.fault(at, err)
		}
		story := k.story(&record)
		*story = *k.story(&held.Record)
		story.ManagedBy = p.manifest
		is, err := k.encode(held.Record)
		if err != nil {
			return unavailable("comparing the record", err)
		}
		wanted, err := k.encode(record)
		if err != nil {
			return unavailable("comparing the record", err)
		}
		if bytes.Equal(is, wanted) {
			return nil
		}
		change.Operation, change.IfVersion, planned.Verb = k.update, p.version(change), Changes
	}
	return d.do(ctx, change, planned)
}

// do plans one change, and says what it does.
func (d *declaration) do(ctx context.Context, c Change, planned PlannedChange) error {
	before := len(d.p.notes)
	if err := d.p.planChange(ctx, c); err != nil {
		return d.fault(planned.Field, err)
	}
	r := results([]Change{c}, d.p.notes[before:])[0]
	if planned.Difference == nil {
		planned.Difference = changeset.Diff(r.Before, r.After)
	}
	d.changes = append(d.changes, d.p.drawn(c))
	d.plan.Changes = append(d.plan.Changes, planned)
	seen := planned
	seen.Difference = nil // which can hold what was drawn at random
	d.sees = append(d.sees, seen, c.IfVersion)
	return nil
}
