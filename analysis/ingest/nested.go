package ingest

import (
	"fmt"
	"strings"
)

// leaf is a column of a Parquet file, or a field of a struct in it, which dialects know by its path: "service.description".
type leaf struct {
	path string
	expr string // SQL: how it is read
	typ  string
	at   int // the column it is in
}

// flatten lists the columns of a file with structs taken apart. Lists and maps stay whole. A file of a hundred thousand fields, or of
// structs that lie too deep, is none.
func flatten(names, types []string) ([]leaf, error) {
	var out []leaf
	for i, n := range names {
		if err := takeApart(&out, leaf{path: n, expr: ident(n), typ: types[i], at: i}, 0); err != nil {
			return nil, fmt.Errorf("the type of %s: %w", clip([]byte(n)), err)
		}
	}
	return out, nil
}

const mostLeaves = 10_000

func takeApart(out *[]leaf, l leaf, depth int) error {
	fields, is, err := structFields(l.typ)
	switch {
	case err != nil:
		return err
	case depth > deepest:
		return errTooDeep
	case len(*out) >= mostLeaves:
		return fmt.Errorf("there are more than %d fields", mostLeaves)
	case !is:
		*out = append(*out, l)
		return nil
	}
	of := l.expr
	if depth == 0 {
		of = "(" + of + ")"
	}
	for _, f := range fields {
		if err := takeApart(out, leaf{path: l.path + "." + f.name, expr: of + "." + ident(f.name), typ: f.typ, at: l.at}, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// structField is a field of a struct: its name and DuckDB's name of its type.
type structField struct{ name, typ string }

// structFields reads the fields of a struct's type as DuckDB writes it: STRUCT(id VARCHAR, "name" VARCHAR, labels STRUCT("key" VARCHAR)[]).
// is is false for any other type, lists of structs too.
func structFields(typ string) (fields []structField, is bool, err error) {
	const open = "STRUCT("
	if len(typ) < len(open) || !strings.EqualFold(typ[:len(open)], open) || !strings.HasSuffix(typ, ")") {
		return nil, false, nil
	}
	end, err := closing(typ, len(open)-1)
	if err != nil {
		return nil, false, err
	}
	if end != len(typ)-1 {
		return nil, false, nil
	}
	for body := typ[len(open):end]; ; {
		body = strings.TrimLeft(body, " ")
		name, rest, err := fieldName(body)
		if err != nil {
			return nil, false, err
		}
		cut := len(rest)
		for i := 0; i < len(rest) && cut == len(rest); i++ {
			switch rest[i] {
			case ',':
				cut = i
			case '(', '"', '\'':
				if i, err = closing(rest, i); err != nil {
					return nil, false, err
				}
			}
		}
		f := structField{name, strings.TrimSpace(rest[:cut])}
		if f.typ == "" {
			return nil, false, fmt.Errorf("the field %s has no type", clip([]byte(name)))
		}
		fields = append(fields, f)
		if cut == len(rest) {
			return fields, true, nil
		}
		body = rest[cut+1:]
	}
}

// listOf are the types of the fields of a list of structs, by name; none for any other type.
func listOf(typ string) map[string]string {
	inner, ok := strings.CutSuffix(typ, "[]")
	if !ok {
		return nil
	}
	fields, _, _ := structFields(inner) // of a type that DuckDB wrote: what cannot be read is no struct
	of := map[string]string{}
	for _, f := range fields {
		of[f.name] = f.typ
	}
	return of
}

// fieldName reads the name at the beginning of a field, in quotes or without.
func fieldName(s string) (name, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		end, err := closing(s, 0)
		if err != nil {
			return "", "", err
		}
		return strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:], nil
	}
	name, rest, ok := strings.Cut(s, " ")
	if !ok || name == "" || strings.ContainsAny(name, `(),"'`) {
		return "", "", fmt.Errorf("there is no field where %s stands", clip([]byte(s)))
	}
	return name, rest, nil
}

// closing finds what closes the parenthesis or quote at a place. A quote in quotes is doubled.
func closing(s string, at int) (int, error) {
	q := s[at]
	if q != '(' {
		for i := at + 1; i < len(s); i++ {
			if s[i] != q {
				continue
			}
			if i+1 < len(s) && s[i+1] == q {
				i++
				continue
			}
			return i, nil
		}
		return 0, fmt.Errorf("a quote is not closed in %s", clip([]byte(s)))
	}
	depth := 0
	for i := at; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i, nil
			}
		case '"', '\'':
			end, err := closing(s, i)
			if err != nil {
				return 0, err
			}
			i = end
		}
	}
	return 0, fmt.Errorf("a parenthesis is not closed in %s", clip([]byte(s)))
}
