package management

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

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
