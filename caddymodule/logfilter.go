package caddymodule

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func init() {
	caddy.RegisterModule(new(SecretsFilter))
}

// SecretsFilter is a log field filter that takes credentials out of a field:
// the values of parameters such as `access_token`, `client_secret`,
// `client_assertion`, `software_statement` and `signed_requestor_id`, however
// their names are written or encoded, and everywhere else whatever looks like
// a client secret or a token of this gateway, or like any JWT.
//
// In doubt it takes out too much: what follows a secret up to the next `&` may
// go with it. Objects and arrays are filtered through and through, so that
// `request>headers` is a field as good as `request>uri`.
type SecretsFilter struct {
	config uintptr
}

// CaddyModule names the module.
func (*SecretsFilter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "caddy.logging.encoders.filter.dcr_secrets",
		New: func() caddy.Module { return new(SecretsFilter) },
	}
}

// UnmarshalCaddyfile sets up the filter. Syntax:
//
//	<field> dcr_secrets
func (*SecretsFilter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the filter's name
	if d.NextArg() {
		return d.ArgErr()
	}
	if d.NextBlock(0) {
		return d.Errf("dcr_secrets has no options, got %q", d.Val())
	}
	return nil
}

// Filter implements logging.LogFieldFilter.
func (*SecretsFilter) Filter(in zapcore.Field) zapcore.Field {
	switch in.Type {
	case zapcore.StringType:
		in.String = redact(in.String)
		return in
	case zapcore.ArrayMarshalerType, zapcore.ObjectMarshalerType, zapcore.ByteStringType,
		zapcore.ReflectType, zapcore.StringerType, zapcore.ErrorType:
		// These are made into plain values first.
		enc := zapcore.NewMapObjectEncoder()
		in.AddTo(enc)
		return zap.Any(in.Key, redactValue(enc.Fields[in.Key]))
	default:
		// Numbers, times and the like.
		return in
	}
}

// redactValue filters what a zapcore.MapObjectEncoder makes of a field. It
// changes nothing in place: what was logged may still be in use.
func redactValue(value any) any {
	switch v := value.(type) {
	case string:
		return redact(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = redactValue(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			if namesSecret(name) {
				object[name] = hide(member)
			} else {
				object[name] = redactValue(member)
			}
		}
		return object
	case nil, bool, json.Number, time.Duration, float64, float32, int, int64, int32, int16, int8, uint, uint64, uint32, uint16, uint8:
		return v
	default:
		return redactReflected(v)
	}
}

// hide replaces a value. A list stays one, for the sake of what reads the logs.
func hide(value any) any {
	list, ok := value.([]any)
	if !ok {
		return redacted
	}
	hidden := make([]any, len(list))
	for i := range hidden {
		hidden[i] = redacted
	}
	return hidden
}

// redactReflected filters what a log would show as JSON.
func redactReflected(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return redacted
	}
	var plain any
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.UseNumber()
	if reader.Decode(&plain) != nil {
		return redacted
	}
	return redactValue(plain)
}

var (
	_ caddy.Provisioner      = (*SecretsFilter)(nil)
	_ caddy.CleanerUpper     = (*SecretsFilter)(nil)
	_ logging.LogFieldFilter = (*SecretsFilter)(nil)
	_ caddyfile.Unmarshaler  = (*SecretsFilter)(nil)
)
