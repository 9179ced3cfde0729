package management

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// IssueStatement makes a software statement for an application. It is on
// record before anybody has it, so that it can be found and revoked.
func (s *Service) IssueStatement(ctx context.Context, call Call, app uuid.UUID) (issued IssuedStatement, err error) {
	if err := begin(call.Actor, access.IssueStatement); err != nil {
		return IssuedStatement{}, err
	}
	err = s.commit(ctx, call.Actor, "recording the statement", func(ctx context.Context, p *plan) (err error) {
		issued, err = p.issueStatement(ctx, call, app)
		return err
	})
	return issued, err
}

// issueStatement plans the record of a new statement, or finds the one that an
// earlier call with the same key made.
func (p *plan) issueStatement(ctx context.Context, call Call, app uuid.UUID) (IssuedStatement, error) {
	s := p.s
	a, err := s.application(app)
	if err != nil {
		return IssuedStatement{}, err
	}
	of := resourceOf(a)
	role, err := p.allow(access.IssueStatement, audit.Target{Kind: "application", ID: app.String()}, of, noApplication(app))
	if err != nil {
		return IssuedStatement{}, err
	}
	kills, err := s.stops(ctx, revocation.Subject{ApplicationID: app})
	if err != nil {
		return IssuedStatement{}, err
	}
	if len(kills) > 0 {
		return IssuedStatement{}, &Error{
			Code: Revoked, Field: "application", Message: fmt.Sprintf("application %s was revoked%s", app, story(kills[0])),
			Hint: "a revoked application stays so; create another",
		}
	}
	made, err := s.askedBefore(ctx, call, access.IssueStatement, app)
	if err != nil {
		return IssuedStatement{}, err
	}
	if id, err := uuid.Parse(made); err == nil {
		return s.renew(ctx, app, id)
	}
	raw, st, err := s.Statements.Mint(app)
	if err != nil {
		return IssuedStatement{}, unavailable("signing the statement", err)
	}
	record := state.Statement{ID: st.ID, ApplicationID: app, IssuedAt: p.now.UnixMilli(), IssuedBy: p.who.Name, KeyID: st.KeyID}
	w, err := state.StatementWrite(record)
	if err != nil {
		return IssuedStatement{}, unavailable("writing the record", err)
	}
	p.add(w)
	view := s.statementView(record)
	p.note(access.IssueStatement, role, audit.Target{Kind: "statement", ID: st.ID.String()}, of, nil, view)
	return IssuedStatement{Statement: view, JWT: raw}, p.remember(call, access.IssueStatement, app, st.ID.String())
}

// renew signs the statement anew that an earlier call made: the text itself is
// kept nowhere.
func (s *Service) renew(ctx context.Context, app, id uuid.UUID) (IssuedStatement, error) {
	record, err := s.Records.Statement(ctx, app, id)
	if err != nil {
		return IssuedStatement{}, unavailable("looking for the statement", err)
	}
	raw, _, err := s.Statements.Renew(app, id, time.UnixMilli(record.IssuedAt))
	if err != nil {
		return IssuedStatement{}, unavailable("signing the statement", err)
	}
	return IssuedStatement{Statement: s.statementView(record), JWT: raw}, nil
}

// story tells a kill's when, whom and why in half a sentence.
func story(k Kill) string {
	text := ""
	if !k.At.IsZero() {
		text += " at " + k.At.Format("2006-01-02 15:04:05 MST")
	}
	if k.By != "" {
		text += " by " + k.By
	}
	if k.Reason != "" {
		text += ": " + k.Reason
	}
	return text
}

func (s *Service) statementView(r state.Statement) Statement {
	return Statement{
		ID: r.ID, ApplicationID: r.ApplicationID, IssuedAt: moment(r.IssuedAt), IssuedBy: r.IssuedBy, KeyID: r.KeyID,
		StoppedBy: s.stoppedBy(revocation.Subject{
			StatementID: r.ID, ApplicationID: r.ApplicationID, Issuer: s.Issuer, KeyID: r.KeyID,
		}),
	}
}

// StatementFilter picks statements; empty fields pick all.
type StatementFilter struct {
	// By picks those that somebody issued.
	By string
	// Since and Until pick those that were issued in that time.
	Since, Until time.Time
	// Living leaves out those that do not register clients any more.
	Living bool
}

func (f StatementFilter) picks(st Statement) bool {
	return (f.By == "" || st.IssuedBy == f.By) && (f.Since.IsZero() || !st.IssuedAt.Before(f.Since)) &&
		(f.Until.IsZero() || st.IssuedAt.Before(f.Until)) && (!f.Living || st.StoppedBy == "")
}

// StatementsOf lists every statement that was issued for the application, the
// newest first.
func (s *Service) StatementsOf(ctx context.Context, who access.Actor, app uuid.UUID, filter StatementFilter, part Part) (StatementList, error) {
	if _, err := s.seenApplication(who, access.ShowStatement, app); err != nil {
		return StatementList{}, err
	}
	if err := s.certain("listing the statements"); err != nil {
		return StatementList{}, err
	}
	all := []Statement{}
	for cursor := ""; ; {
		records, next, err := s.Records.Statements(ctx, app, cursor, largestPage)
		if err != nil {
			return StatementList{}, unavailable("listing the statements", err)
		}
		for _, record := range records {
			if view := s.statementView(record); filter.picks(view) {
				all = append(all, view)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	list, cursor, err := cut(all, func(st Statement) []string {
		return []string{newestFirst(st.IssuedAt), st.ID.String()}
	}, part)
	return StatementList{Statements: list, Cursor: cursor}, err
}
