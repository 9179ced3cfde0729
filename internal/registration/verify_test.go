package registration

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// forger believes nothing, and finds a forged signature each time.
type forger struct{}

func (forger) VerifyWithin(_ string, b jws.Budget) (statement.Statement, error) {
	if b == nil {
		return statement.Statement{}, statement.ErrInvalid
	}
	if b.Spent() {
		return statement.Statement{}, jws.ErrBudget
	}
	b.Charge()
	return statement.Statement{}, statement.ErrInvalid
}

func TestAnAddressThatForgesStatementsIsToldToWait(t *testing.T) {
	_, s := newWorld()
	s.Statements = forger{}
	_, err := s.Register(context.Background(), good())
	require.Equal(t, oautherr.InvalidSoftwareStatement, oautherr.From(err).Code, "without a budget there is none to spend")

	s.Forgeries = &forgery.Budget{
		Table: throttle.NewTable(throttle.Limit{Rate: 0.01, Burst: 2}, 10, nil),
		Found: func(forgery.Of) {}, Refused: func(of forgery.Of) { assert.Equal(t, forgery.Statement, of) },
	}
	for range 2 {
		_, err = s.Register(context.Background(), good())
		require.Equal(t, oautherr.InvalidSoftwareStatement, oautherr.From(err).Code)
	}
	_, err = s.Register(context.Background(), good())
	assert.Equal(t, Throttled, OutcomeOf(err))
	answer := httptest.NewRecorder()
	wire.WriteError(answer, httptest.NewRequest(http.MethodPost, "/", nil), err)
	assert.Equal(t, http.StatusTooManyRequests, answer.Code)
	assert.NotEmpty(t, answer.Header().Get("Retry-After"))
}
