package registration

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

func TestJudgingLeavesNoTrace(t *testing.T) {
	w, s := newWorld()
	w.platforms, w.limitErr = []string{"Roku"}, errors.New("not to be asked")
	j, err := s.Judge(context.Background(), good())
	require.NoError(t, err)
	assert.Equal(t, statementID, j.Statement.ID)
	assert.Equal(t, appID, j.Application.ID)
	assert.True(t, j.OffPlatform)
	assert.Empty(t, w.stored)
	assert.Empty(t, w.limited)

	w.kills.Put(revocation.Target{Kind: revocation.Application, ID: appID.String()}, revocation.Kill{})
	_, err = s.Judge(context.Background(), good())
	assert.Equal(t, ApplicationRevoked, OutcomeOf(err))
}
