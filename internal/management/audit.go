package management

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
)

// AuditFilter picks entries of the audit; empty fields pick all.
type AuditFilter struct {
	// Actor, Programmer and Channel are compared exactly.
	Actor, Programmer, Channel string
	// Operation is one, or with "application" all of that kind.
	Operation string
	// Target is a kind and an id, or one of them.
	Target string
	// Since and Until pick what happened in that time.
	Since, Until time.Time
	// ChangeSet picks what a change set did.
	ChangeSet string
}

func (f AuditFilter) picks(e audit.Entry) bool {
	kind, _, _ := strings.Cut(e.Operation, ".")
	return (f.Actor == "" || e.Actor == f.Actor) && (f.Programmer == "" || e.Programmer == f.Programmer) &&
		(f.Channel == "" || e.Channel == f.Channel) && (f.Operation == "" || f.Operation == e.Operation || f.Operation == kind) &&
		(f.Target == "" || f.Target == e.Target.ID || f.Target == e.Target.Kind || f.Target == e.Target.String()) &&
		(f.Since.IsZero() || !e.At.Before(f.Since)) && (f.Until.IsZero() || e.At.Before(f.Until)) &&
		(f.ChangeSet == "" || e.ChangeSet == f.ChangeSet)
}

// AuditEntries lists what was done to what the actor sees, the newest first.
// It goes through all entries to find those, so a page can be empty and not
// the last.
func (s *Service) AuditEntries(ctx context.Context, who access.Actor, filter AuditFilter, part Part) (audit.Page, error) {
	if err := begin(who, access.ShowAudit); err != nil {
		return audit.Page{}, err
	}
	page, err := s.Audit.List(ctx, part.Cursor, pageSize(part.Limit), func(e audit.Entry) bool {
		return filter.picks(e) && sees(who, access.ShowAudit, access.Resource{Programmer: e.Programmer, Channel: e.Channel})
	})
	return page, auditFault("reading the audit", err)
}

// VerifyAudit walks the chain of the audit and says where it breaks. Anchors
// are entries that were noted elsewhere, as number and hash.
func (s *Service) VerifyAudit(ctx context.Context, who access.Actor, cursor string, anchors []string) (audit.Verification, error) {
	if err := begin(who, access.VerifyAudit); err != nil {
		return audit.Verification{}, err
	}
	parsed := make([]audit.Anchor, 0, len(anchors))
	for _, text := range anchors {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return audit.Verification{}, invalid("anchor", strings.TrimPrefix(err.Error(), "anchor: "), "such as 12:9f86d081...")
		}
		parsed = append(parsed, a)
	}
	v, err := s.Audit.Verify(ctx, cursor, parsed...)
	return v, auditFault("verifying the audit", err)
}

func auditFault(tried string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, audit.ErrCursor):
		return invalid("cursor", fmt.Sprint(err), "begin without a cursor")
	default:
		return unavailable(tried, err)
	}
}
