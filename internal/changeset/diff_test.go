package changeset_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
)

func TestDifferences(t *testing.T) {
	for name, test := range map[string]struct{ before, after, want string }{
		"nothing":                         {`{"a":1}`, `{"a":1}`, `[]`},
		"a text":                          {`{"a":"x"}`, `{"a":"y"}`, `[{"field":"a","from":"x","to":"y"}]`},
		"a list":                          {`{"a":["x","y"]}`, `{"a":["y","z"]}`, `[{"field":"a","from":["x","y"],"to":["y","z"],"added":["z"],"removed":["x"]}]`},
		"a list that begins":              {`{}`, `{"a":["z"]}`, `[{"field":"a","to":["z"],"added":["z"]}]`},
		"the order of a list":             {`{"a":["x","y"]}`, `{"a":["y","x"]}`, `[{"field":"a","from":["x","y"],"to":["y","x"]}]`},
		"a thing that begins":             {``, `{"b":true,"a":"x","c":"","d":[]}`, `[{"field":"a","to":"x"},{"field":"b","to":true}]`},
		"a thing that ends":               {`{"a":"x"}`, ``, `[{"field":"a","from":"x"}]`},
		"leaving out is saying nothing":   {`{"a":false,"b":[]}`, `{}`, `[]`},
		"when and by whom is no change":   {`{"updated_at":1,"version":"a"}`, `{"updated_at":2,"updated_by":"x","version":"b"}`, `[]`},
		"numbers are compared as written": {`{"a":1}`, `{"a":2}`, `[{"field":"a","from":1,"to":2}]`},
		"what has no members":             {`[1]`, `null`, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(changeset.Diff(json.RawMessage(test.before), json.RawMessage(test.after)))
			require.NoError(t, err)
			assert.JSONEq(t, test.want, string(got))
		})
	}
}
