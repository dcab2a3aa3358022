package dialect

// Built lists the dialects that are built in. Anything else is a [Dialect] made from a mapping file.
func Built() []*Dialect {
	return []*Dialect{
		aws(),
		azure(),
		gcp(),
		oci(),
		opencost(),
	}
}
