package strictjson_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

type inner struct {
	Name string `json:"name"`
}

type outer struct {
	inner
	Count int               `json:"count"`
	Open  bool              `json:"open"`
	List  []string          `json:"a_list"`
	Part  *inner            `json:"part"`
	Parts []inner           `json:"parts"`
	Words map[string]string `json:"words"`
	Any   json.RawMessage   `json:"any"`
	At    time.Time         `json:"at"`
}

func TestAnObjectIsDecodedWhole(t *testing.T) {
	var got outer
	require.NoError(t, strictjson.Decode([]byte(`{"name":"a","count":2,"open":true,"a_list":["NAME"],"part":{"name":"B"},"parts":[{"name":"c"}],"words":{"X-1":"NAME"},"any":{"Name":1,"name":2}}`), &got))
	assert.Equal(t, outer{
		inner: inner{"a"}, Count: 2, Open: true, List: []string{"NAME"}, Part: &inner{"B"}, Parts: []inner{{"c"}}, Words: map[string]string{"X-1": "NAME"},
		Any: json.RawMessage(`{"Name":1,"name":2}`),
	}, got)
}

func TestWhatAStructHasNoPlaceForIsRefused(t *testing.T) {
	for text, want := range map[string]strictjson.FieldError{
		`{"nam":"a"}`:                 {Message: `unknown field "nam"`},
		`{"NAME":"a"}`:                {Message: `unknown field "NAME"`},
		`{"part":{"Name":"a"}}`:       {Message: `unknown field "Name"`},
		`{"parts":[[],{"naMe":"a"}]}`: {Message: `unknown field "naMe"`},
		`{"part":{"names":"a"}}`:      {Message: `unknown field "names"`},
		`{"name":1}`:                  {"name", "got a JSON number, want a string"},
		`{"part":{"name":1}}`:         {"name", "got a JSON number, want a string"},
		`{"part":"a"}`:                {"part", "got a JSON string, want an object"},
		`{"open":"yes"}`:              {"open", "got a JSON string, want true or false"},
		`{"a_list":"a"}`:              {"a_list", "got a JSON string, want an array of strings"},
	} {
		var got outer
		err := strictjson.Decode([]byte(text), &got)
		var fault *strictjson.FieldError
		require.True(t, errors.As(err, &fault), "%s: %v", text, err)
		assert.Equal(t, want.Field, fault.Field, text)
		assert.Equal(t, want.Message, fault.Error(), text)
	}
	for _, text := range []string{``, `[]`, `{"name":"a","name":"b"}`, `{"name":"a"} {}`, `{"part":{"name":"a","name":"b"}}`} {
		var fault *strictjson.FieldError
		err := strictjson.Decode([]byte(text), new(outer))
		assert.Error(t, err, text)
		assert.False(t, errors.As(err, &fault), text)
	}
}
