package management

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// A manifest is applied as one act of the store, and is bounded for that: in
// the number of its changes, and in what there is to say of them.
const (
	maxApply        = 500
	maxApplyResults = 1 << 20
)

// Verb says what a change of a manifest does. The set is closed.
type Verb string

const (
	// Creates makes what there is not.
	Creates Verb = "create"
	// Changes makes something what the manifest says, or its own.
	Changes Verb = "change"
	// Succeeds makes a new version of an application.
	Succeeds Verb = "new_version"
	// Adopts makes an application the manifest's own that is as it says.
	Adopts Verb = "adopt"
	// Revokes ends an application, for good.
	Revokes Verb = "revoke"
	// Deletes is of what the manifest no longer mentions.
	Deletes Verb = "delete"
)

// Verbs lists all of them.
var Verbs = []Verb{Creates, Changes, Succeeds, Adopts, Revokes, Deletes}

// ManifestOptions say how far a manifest goes.
type ManifestOptions struct {
	// Prune names the kinds of things that end when the manifest has managed
	// them and mentions them no more. Without it nothing ends.
	Prune []Prunable `json:"prune,omitempty"`
	// IfPlan is the digest of the plan that was looked at; empty is any.
	IfPlan string `json:"if_plan,omitempty"`
}

// ManifestPlan is what applying a manifest would do now.
type ManifestPlan struct {
	Name string `json:"name"`
	// Digest tells this plan from every other.
	Digest  string          `json:"digest"`
	Changes []PlannedChange `json:"changes"`
	// Unmentioned is what the manifest has managed and mentions no more, and
	// what goes on because no option prunes it.
	Unmentioned []Unmentioned `json:"unmentioned"`
}

// PlannedChange is one change of a plan.
type PlannedChange struct {
	Verb Verb   `json:"verb"`
	Kind string `json:"kind"`
	// Name is the id of the thing, or the key of an application.
	Name string `json:"name"`
	// Field is where the manifest says so; empty is nowhere.
	Field string `json:"field,omitempty"`
	// Application is the one that is concerned, or the version before.
	Application uuid.UUID              `json:"application,omitzero"`
	Difference  []changeset.Difference `json:"difference"`
}

// Unmentioned is something that the manifest manages and does not mention.
type Unmentioned struct {
	Kind  string   `json:"kind"`
	ID    string   `json:"id"`
	Prune Prunable `json:"prune"`
}

// AppliedManifest is what applying one did.
type AppliedManifest struct {
	ManifestPlan
	// ChangeSet is the set of the changes, which is pushed; nil where there was
	// nothing to do.
	ChangeSet *ChangeSet `json:"change_set,omitempty"`
	// Applied says that every gateway has it.
	Applied bool `json:"applied"`
}

// PlanManifest says what applying the manifest would do.
func (s *Service) PlanManifest(ctx context.Context, who access.Actor, m manifest.Manifest, options ManifestOptions) (ManifestPlan, error) {
	if err := begin(who, access.ShowManifest); err != nil {
		return ManifestPlan{}, err
	}
	if err := show(who, access.ShowManifest, access.Resource{}, forbidden(access.ShowManifest)); err != nil {
		return ManifestPlan{}, err
	}
	if err := s.certain("planning the manifest"); err != nil {
		return ManifestPlan{}, err
	}
	p := s.newPlan(who)
	p.review = true
	d, err := p.declare(ctx, m, options)
	return d.plan, err
}

// ApplyManifest makes what the manifest says true, at once, or none of it. What
// it makes or changes is marked as the manifest's, and nobody changes it
// elsewhere until it is released.
func (s *Service) ApplyManifest(ctx context.Context, call Call, m manifest.Manifest, options ManifestOptions) (AppliedManifest, error) {
	if err := begin(call.Actor, access.ApplyManifest); err != nil {
		return AppliedManifest{}, err
	}
	var done AppliedManifest
	set, kills, position, err := s.pushManifest(ctx, call, access.ApplyManifest, m.Name, func(ctx context.Context, p *plan) ([]Change, error) {
		d, err := p.declare(ctx, m, options)
		if err == nil && options.IfPlan != "" && options.IfPlan != d.plan.Digest {
			err = &Error{
				Code: Changed, Field: "if_plan", Message: "applying the manifest would do something else now than it would when it was planned",
				Hint: "plan it again, and decide anew",
			}
		}
		done.ManifestPlan = d.plan
		return d.changes, err
	})
	if err != nil {
		return AppliedManifest{}, err
	}
	done.Applied = true
	if set.Raw == nil {
		return done, nil
	}
	view, err := s.review(ctx, set)
	if err != nil {
		return AppliedManifest{}, err
	}
	done.ChangeSet = &view
	done.Applied = s.awaitSet(ctx, kills, position)
	return done, nil
}

// ReleaseManifest takes the mark of a manifest off everything that has it. The
// things stay as they are, and can be changed anywhere.
func (s *Service) ReleaseManifest(ctx context.Context, call Call, name string) (AppliedManifest, error) {
	if err := begin(call.Actor, access.ReleaseManifest); err != nil {
		return AppliedManifest{}, err
	}
	done := AppliedManifest{ManifestPlan: ManifestPlan{Name: name, Changes: []PlannedChange{}, Unmentioned: []Unmentioned{}}, Applied: true}
	set, kills, position, err := s.pushManifest(ctx, call, access.ReleaseManifest, name, func(ctx context.Context, p *plan) ([]Change, error) {
		p.release = true
		changes := p.released()
		return changes, p.planAll(ctx, changes)
	})
	if err != nil || set.Raw == nil {
		return done, err
	}
	view, err := s.review(ctx, set)
	done.ChangeSet = &view
	done.Applied = s.awaitSet(ctx, kills, position)
	return done, err
}

// pushManifest is one act on behalf of a manifest: a change set that is pushed
// as soon as it is made.
func (s *Service) pushManifest(ctx context.Context, call Call, op access.Operation, name string, changesOf func(context.Context, *plan) ([]Change, error)) (
	set state.Held[state.ChangeSet], kills map[string]state.Kill, position plugins.Position, err error,
) {
	id, err := newID("")
	if err != nil {
		return set, nil, position, err
	}
	position, err = s.commitBy(ctx, call.Actor, "applying the manifest", s.Audit.Commit, func(ctx context.Context, p *plan) error {
		set = state.Held[state.ChangeSet]{}
		role, err := p.allow(op, manifestTarget(name), access.Resource{}, forbidden(op))
		if err != nil {
			return err
		}
		p.manifest, p.set = name, id.String()
		changes, err := changesOf(ctx, p)
		if err != nil || len(changes) == 0 {
			return err
		}
		record := state.ChangeSet{ChangeSetBrief: state.ChangeSetBrief{
			ID: id, Title: "manifest " + name, Owner: call.Name, Status: string(Pushed), Count: len(changes), ManagedBy: name,
			CreatedAt: p.now.UnixMilli(), PushedAt: p.now.UnixMilli(), PushedBy: call.Name,
		}}
		done := results(changes, p.notes)
		lastVersions(done)
		record.Changes, record.Results = jsonOf(changes), jsonOf(done)
		if err := bounded(len(changes), len(record.Results)); err != nil {
			return err
		}
		if set.Raw, err = state.EncodeChangeSet(record); err != nil {
			return unavailable("writing the change set", err)
		}
		set.Record, kills = record, p.kills
		p.add(plugins.Write{Key: state.ChangeSetKey(id), Value: set.Raw, If: plugins.IfAbsent})
		p.note(op, role, manifestTarget(name), access.Resource{}, nil, changeSetView(record.ChangeSetBrief, set.Version()))
		return nil
	})
	return set, kills, position, err
}

func bounded(changes, size int) error {
	if changes <= maxApply && size <= maxApplyResults {
		return nil
	}
	return invalid("manifest", fmt.Sprintf("it would make %d changes, which take %d bytes; %d and %d are the most at once",
		changes, size, maxApply, maxApplyResults), "apply a part of it first: leave some of it out, and add it again")
}
