package changeset_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
)

// Every operation either changes something that a set can hold, and then there
// is something to say about taking it back, or no set can hold it.
func TestEveryOperationCanBeTakenBackOrSaysWhyNot(t *testing.T) {
	never := []access.Operation{
		access.IssueStatement, // its text is for whoever asked, at once
		access.RotateKey,      // a set that waits to be pushed would hold a key that lies about
		access.EditChangeSet, access.PushChangeSet, access.RollBackChangeSet, access.VerifyAudit, access.TryOut, access.ExamineGateway,
		access.ExportStore, access.ImportStore, access.MoveStore,
		access.ApplyManifest, access.ReleaseManifest, // which are sets themselves
	}
	for _, op := range access.Operations {
		undo, known := changeset.Undoes(op)
		shows := strings.HasSuffix(string(op), ".show")
		assert.Equal(t, !shows && !contains(never, op), known, "%s", op)
		if !known {
			continue
		}
		if undo.Operation == "" {
			assert.NotEmpty(t, undo.Why, "%s", op)
			continue
		}
		back, known := changeset.Undoes(undo.Operation)
		assert.True(t, known, "%s is taken back by %s, which a set must hold", op, undo.Operation)
		if back.Operation != "" && undo.Why == "" {
			assert.Equal(t, op, back.Operation, "%s and %s take each other back", op, undo.Operation)
		}
	}
}

func contains(ops []access.Operation, op access.Operation) bool {
	for _, other := range ops {
		if other == op {
			return true
		}
	}
	return false
}
