package oauth

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryOutcomeCanBeExplained(t *testing.T) {
	assert.Len(t, texts, len(Outcomes))
	for _, outcome := range Outcomes {
		assert.Regexp(t, `^[A-Z][^|\n]+\.$`, texts[outcome].message, outcome)
		assert.Regexp(t, `^[A-Z][^|\n]+\.$`, texts[outcome].advice, outcome)
	}
	assert.Equal(t, Unavailable.Message(), Outcome("none").Message())
	assert.Equal(t, Unavailable.Advice(), Outcome("none").Advice())
}
