# Problems of an input that any form may have.
input-needed = Fill in this field.
input-form = This request could not be read: { $detail }
input-range = Enter a number from { $min } to { $max }.
input-choice = This is not in the list. Choose one of the list.
input-cursor = This is not the address of a page. Start again from the first page.
organisation-zone-unknown = This time zone is not known. Enter a name such as Asia/Tehran.
organisation-country-unknown = A country code is two Latin letters, such as IR.
organisation-hijri-shift = Only −1, 0 or 1 will do.
terms-list-unknown = There is no such list.
