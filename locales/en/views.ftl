# Lists that somebody keeps at hand.
views-new = Save this view
views-name = Name of the view
views-share = Colleagues of the unit see it too
views-share-about = In it everybody sees only the customers they may see.
views-saved = View saved
views-delete = Remove this view
views-deleted = View removed
views-too-many = No more than { $max } views are kept. Remove one of them.
views-columns-wrong = The columns of this view could not be read.
views-segment-private = The segment “{ $name }” is yours alone. Share it with your colleagues first.
views-changed-meanwhile = This view was changed elsewhere just now. Reload the page.
event-view-archived = View of the list removed
event-view-changed = View of the list changed
event-view-created = View of the list saved
event-view-restored = View of the list brought back
