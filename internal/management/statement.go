package management

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// IssueStatement makes a software statement for an application. It is on
// record before anybody has it, so that it can be found and revoked.
func (s *Service) IssueStatement(ctx context.Context, app uuid.UUID, by string) (IssuedStatement, error) {
	if err := checkBy(by); err != nil {
		return IssuedStatement{}, err
	}
	view, err := s.Application(ctx, app)
	if err != nil {
		return IssuedStatement{}, err
	}
	if view.Revoked {
		return IssuedStatement{}, &Error{
			Code: Revoked, Field: "application", Message: fmt.Sprintf("application %s was revoked%s", app, story(*view.Revocation)),
			Hint: "a revoked application stays so; create another",
		}
	}
	raw, st, err := s.Statements.Mint(app)
	if err != nil {
		return IssuedStatement{}, unavailable("signing the statement", err)
	}
	record := state.Statement{
		ID: st.ID, ApplicationID: app, IssuedAt: s.Replica.Now().UnixMilli(), IssuedBy: by, KeyID: st.KeyID,
	}
	if err := s.Records.RecordStatement(ctx, record); err != nil {
		return IssuedStatement{}, unavailable("recording the statement", err)
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

// StatementsOf lists every statement that was issued for the application, the
// newest first.
func (s *Service) StatementsOf(ctx context.Context, app uuid.UUID) (StatementList, error) {
	if _, err := s.application(app); err != nil {
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
			all = append(all, s.statementView(record))
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b Statement) int {
		return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return StatementList{Statements: all}, nil
}
