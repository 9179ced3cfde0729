package management

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
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

// fault notes what is wrong with the manifest at a field. It passes on what is
// wrong with the gateway.
func (d *declaration) fault(at string, err error) error {
	var fault *Error
	if !errors.As(err, &fault) || fault.Code == Unavailable {
		return err
	}
	c := conflictOf(len(d.faults)+1, fault)
	switch {
	case fault.Field == "" || fault.Field == kindOf(at):
		c.Field = at
	case at != "":
		c.Field = at + "." + fault.Field
	}
	d.faults = append(d.faults, c)
	return nil
}

// faultAt is fault where the field is known.
func (d *declaration) faultAt(at, field string, err error) error {
	var fault *Error
	if errors.As(err, &fault) && fault.Code != Unavailable {
		told := *fault
		told.Field = field
		err = &told
	}
	return d.fault(at, err)
}

// kindOf is how errors call what stands at a place of a manifest.
func kindOf(at string) string {
	at = at[strings.LastIndexByte(at, '.')+1:]
	list, _, _ := strings.Cut(at, "[")
	return strings.TrimSuffix(list, "s")
}

func (d *declaration) refused() error {
	lines := make([]string, len(d.faults))
	for i, f := range d.faults {
		lines[i] = f.Field + ": " + f.Message
	}
	first := d.faults[0]
	message := lines[0]
	if more := len(lines) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return &Error{Code: first.Code, Field: first.Field, Message: message, Hint: first.Hint, Conflicts: d.faults}
}

// Prunable names the things that a manifest can end when it mentions them no
// more. The set is closed.
type Prunable string

const (
	PruneProgrammers  Prunable = "programmers"
	PruneChannels     Prunable = "channels"
	PruneProxyMVPDs   Prunable = "proxy_mvpds"
	PruneScopes       Prunable = "scopes"
	PrunePlatforms    Prunable = "platforms"
	PruneApplications Prunable = "applications"
	// PruneVersions revokes the older versions of applications.
	PruneVersions Prunable = "versions"
)

// Prunables lists all of them.
var Prunables = []Prunable{
	PruneProgrammers, PruneChannels, PruneProxyMVPDs, PruneScopes, PrunePlatforms, PruneApplications, PruneVersions,
}

func checkPrune(prune []Prunable) error {
	for _, kind := range prune {
		if !slices.Contains(Prunables, kind) {
			return invalid("prune", fmt.Sprintf("got %q, want one of %v", kind, Prunables), "")
		}
	}
	return nil
}

// prune plans the end of what the manifest has managed and mentions no more,
// as far as the options say; what others depend on last.
func (d *declaration) prune(ctx context.Context) error {
	if err := d.pruneApplications(ctx); err != nil {
		return err
	}
	if err := pruneRecords(ctx, d, &channels, PruneChannels, ""); err != nil {
		return err
	}
	if err := pruneRecords(ctx, d, &programmers, PruneProgrammers, ""); err != nil {
		return err
	}
	if err := pruneRecords(ctx, d, &proxyMVPDs, PruneProxyMVPDs, ""); err != nil {
		return err
	}
	if err := pruneRecords(ctx, d, &scopes, PruneScopes, kindScope); err != nil {
		return err
	}
	return pruneRecords(ctx, d, &platforms, PrunePlatforms, kindPlatform)
}

func pruneRecords[T, S, V any](ctx context.Context, d *declaration, k *kind[T, S, V], prune Prunable, word string) error {
	for _, name := range managed(d.p, k) {
		if d.mentioned[k.word+"/"+name] {
			continue
		}
		if !slices.Contains(d.options.Prune, prune) {
			d.plan.Unmentioned = append(d.plan.Unmentioned, Unmentioned{Kind: k.word, ID: name, Prune: prune})
			continue
		}
		c := Change{Operation: k.remove, Kind: word, ID: name}
		c.IfVersion = d.p.version(c)
		if err := d.do(ctx, c, PlannedChange{Verb: Deletes, Kind: k.word, Name: name}); err != nil {
			return err
		}
	}
	return nil
}

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
