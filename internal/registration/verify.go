package registration

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// verify decides whether to believe the statement. One that was believed
// before is not affected by what others at the same address have forged.
func (s *Service) verify(ctx context.Context, q Request) (statement.Statement, error) {
	var account *forgery.Account
	var budget jws.Budget
	if s.Forgeries != nil {
		account = s.Forgeries.For(forgery.Statement, q.Address)
		budget = account
	}
	st, err := s.Statements.VerifyWithin(q.Statement, budget)
	if errors.Is(err, statement.ErrUnknownKey) {
		// Another gateway may have made the key a moment ago.
		if err := s.State.CatchUp(ctx); err != nil {
			return statement.Statement{}, fmt.Errorf("looking for the key of a software statement: %w", err)
		}
		st, err = s.Statements.VerifyWithin(q.Statement, budget)
	}
	switch {
	case err == nil:
		return st, nil
	case errors.Is(err, statement.ErrInvalid):
		return statement.Statement{}, refused(StatementInvalid, err)
	case errors.Is(err, jws.ErrBudget):
		return statement.Statement{}, wire.RetryAfter(errForged.Because(err), account.Wait())
	default:
		return statement.Statement{}, fmt.Errorf("verifying a software statement: %w", err)
	}
}

var errForged = oautherr.New(oautherr.TooManyRequests, "too many forged software statements came from there: wait before the next try")
