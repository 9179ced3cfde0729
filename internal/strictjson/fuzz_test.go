package strictjson_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// FuzzObject holds that whatever is accepted is read by the standard library,
// too, and with the same values.
func FuzzObject(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := strictjson.Read(data)
		if err != nil {
			require.ErrorIs(t, err, strictjson.ErrInvalid)
			return
		}
		var want map[string]any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&want))
		names := slices.Collect(o.Names())
		require.Len(t, names, len(want), "every name once")
		for _, name := range names {
			require.Contains(t, want, name)
			agree(t, o, name, want[name])
		}
	})
}

// agree compares one member with what the standard library made of it.
func agree(t *testing.T, o strictjson.Object, name string, want any) {
	text, _, errString := o.String(name)
	texts, _, errStrings := o.Strings(name)
	objects, _, errObjects := o.Objects(name)
	integer, _, errInteger := o.Int64(name)
	date, _, errDate := o.NumericDate(name)
	switch want := want.(type) {
	case string:
		require.NoError(t, errString)
		require.Equal(t, want, text)
	case []any:
		require.Error(t, errString)
		if errStrings == nil {
			require.Len(t, texts, len(want))
			for i := range texts {
				require.Equal(t, want[i], texts[i])
			}
		}
		if errObjects == nil {
			require.Len(t, objects, len(want))
			for i := range objects {
				require.Len(t, slices.Collect(objects[i].Names()), len(want[i].(map[string]any)))
			}
		}
	case json.Number:
		require.Error(t, errString)
		if errInteger == nil {
			value, err := want.Int64()
			require.NoError(t, err)
			require.Equal(t, value, integer)
		}
		if errDate == nil {
			value, err := strconv.ParseFloat(string(want), 64)
			require.NoError(t, err)
			require.InDelta(t, value, float64(date), 1)
		}
	default:
		require.Error(t, errString)
		require.Error(t, errStrings)
		require.Error(t, errInteger)
		require.Error(t, errDate)
	}
}
